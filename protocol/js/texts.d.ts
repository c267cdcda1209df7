// Types of the sentences for players.

export type Language = "en" | "pt";

/** What happened and what to do, in one language. `todo` may be empty: nothing need be done. */
export interface Told { readonly what: string; readonly todo: string }

/** What a button beside the text could do; "none": the client goes on by itself, or nothing helps. */
export type Action = "none" | "retry" | "search" | "signin" | "reload" | "here" | "wait";

export interface Text { readonly en: Told; readonly pt: Told; readonly action: Action }

export const TEXTS: Readonly<Record<string, Text>>;

/** `language` is a tag as browsers give it: "pt-BR" and "pt" are Portuguese, all else English. A code
 *  without a text gets that of UNKNOWN. */
export function tell(problem: { readonly code: string }, language?: string):
    Told & { readonly action: Action };
