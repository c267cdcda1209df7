// Listeners by event. One that throws disturbs neither the others nor the client; its error is reported as
// an uncaught one.

export function createEmitter() {
    const listeners = new Map();
    return {
        on(type, listener) {
            const entry = { listener };
            const all = listeners.get(type) ?? new Set();
            listeners.set(type, all.add(entry));
            return () => all.delete(entry);
        },
        emit(type, event) {
            for (const { listener } of [...(listeners.get(type) ?? [])]) {
                try {
                    listener(event);
                } catch (error) {
                    queueMicrotask(() => {
                        throw error;
                    });
                }
            }
        },
    };
}
