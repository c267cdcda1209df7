# shellcheck shell=bash
# Shared by the scripts of this folder and tests/: where things are, and which processes are alive.
# Knows nothing of the game.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# The local stack's data, logs and downloads.
LOCAL=${DUEL_LOCAL:-$ROOT/.local}

say()
{
    printf '%s\n' "$*"
}

die()
{
    printf '%s\n' "$*" >&2
    exit 1
}

# alive PID [WORD]: the process runs, is no zombie, and its command line holds WORD.
alive()
{
    local pid=$1 word=${2:-} stat state
    [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/stat ]] || return 1
    stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
    state=${stat##*) }
    [[ ${state:0:1} != [ZX] ]] || return 1
    [[ -z $word ]] || tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$word"
}

# end PID [SECONDS [SIGNAL]]: asks a process to end, waits, and kills it when it does not. A child of this
# shell is reaped.
end()
{
    local pid=$1 tenths=$((${2:-10} * 10)) signal=${3:-TERM}
    kill "-$signal" "$pid" 2>/dev/null || true
    while alive "$pid" && ((tenths-- > 0)); do
        sleep 0.1
    done
    if alive "$pid"; then
        kill -KILL "$pid" 2>/dev/null || true
    fi
    wait "$pid" 2>/dev/null || true
}

# The folder of the newest PostgreSQL server's programs (initdb, pg_ctl, psql); nothing when there is none.
postgres_bin()
{
    local found
    found=$(compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1)
    if [[ -n $found ]]; then
        dirname "$found"
    elif found=$(command -v initdb); then
        dirname "$(readlink -f "$found")"
    fi
}

# The Valkey server that is used: the machine's, the one that deploy/local/deps unpacked, or the machine's
# Redis. Sets KV_SERVER and KV_LIBRARIES (a folder for LD_LIBRARY_PATH, or nothing).
find_valkey()
{
    local unpacked=$LOCAL/valkey/usr/bin
    KV_LIBRARIES=
    if KV_SERVER=$(command -v valkey-server); then
        return 0
    fi
    for KV_SERVER in "$unpacked/valkey-server" "$unpacked/redis-server"; do
        if [[ -x $KV_SERVER ]]; then
            KV_LIBRARIES=$(compgen -G "$LOCAL/valkey/usr/lib/*-linux-*") || true
            return 0
        fi
    done
    KV_SERVER=$(command -v redis-server)
}

# Runs the server found above.
valkey()
{
    LD_LIBRARY_PATH=$KV_LIBRARIES${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$KV_SERVER" "$@"
}
