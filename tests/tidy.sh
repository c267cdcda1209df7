#!/bin/bash
# The tree's own taste, checked: shapes of files, who may include and call what, rules and pages that
# are cited and there. One line for each check that fails; the last line is "N passed, N failed".
#
#   tests/tidy.sh [OBJDIR]    OBJDIR holds the objects of core and hub (default: build/gcc-san)
set -uo pipefail
shopt -s lastpipe # what `check` counts must stay
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
objdir=${1:-build/${CC:-gcc}-san}

# Files over 500 lines, each with its reason.
declare -A LONG_FILES=(
)

TOP='^(Makefile|README\.md|LICENSE|deploy|docs|duel|include|loadtest|protocol|tests|\.ci|\.gitignore|\.gitattributes)$'

# Which files may include a library's headers: one module of io for each, msgpack in protocol.
declare -A LIBRARIES=(
    [libwebsockets.h]='^(duel|include/duel)/io/gateway|^loadtest/reference/'
    [hiredis]='^(duel|include/duel)/io/valkey|^duel/command/'
    [libpq-fe.h]='^(duel|include/duel)/io/pg|^duel/command/'
    [openssl]='^duel/io/(auth|jwks|jwt|ticket|frames|s3|sigv4|umami|valkey_tls)|^loadtest/(load/(token|frame)|reference/bare)\.c$'
    [curl]='^duel/io/(jwks|s3|post)|^duel/command/|^loadtest/load/http\.c$'
    [jansson.h]='^duel/io/(jwks|jwt|body|ops_matches|crumbs|sentry_event|umami)|^duel/command/|^loadtest/'
    [msgpack.h]='^protocol/(encode|decode)\.c$'
    [utf8proc.h]='^duel/core/normal\.c$'
    [ev.h]='^(duel|include/duel)/io/|^duel/main\.c$|^loadtest/'
)

# What objects of core and hub may ask for besides each other and base: memory moves, the assert hook,
# and what the compiler puts in by itself.
NM_ALWAYS='^(bcmp|mem(cpy|move|set|cmp|chr|mem)|assert_fail|__(mem(cpy|move|set)_chk|stack_chk_fail)|__(asan|ubsan)_.*|_GLOBAL_OFFSET_TABLE_)$'
# Only what *_create calls allocates: its own object, and for a catalogue these.
NM_ALLOCATES='^core/titles.*\.o$'

passed=0
failed=0
# check NAME: passes when standard input is empty, else shows it.
check()
{
    local found
    mapfile -t found
    if ((${#found[@]} == 0)); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s (%d)\n' "$1" "${#found[@]}"
        printf '  %s\n' "${found[@]:0:30}"
    fi
}

if git rev-parse --git-dir >/dev/null 2>&1; then
    mapfile -t all < <(git ls-files -co --exclude-standard | while read -r file; do
        [[ -e $file ]] && printf '%s\n' "$file"
    done)
else
    mapfile -t all < <(find . -type f -not -path './build/*' -not -path './.local/*' \
        -not -path '*/node_modules/*' -printf '%P\n')
fi
# of REGEX: the files whose path matches.
of()
{
    printf '%s\n' "${all[@]}" | grep -E "$1" || true
}

mapfile -t c_files < <(of '\.[ch]$')
mapfile -t def_files < <(of '\.def$')
mapfile -t text_files < <(of '\.(c|h|def|sh|mjs|js|ts|sql|lua|md|json|html|css|yml|yaml|toml)$|(^|/)(Makefile|run|deps)$' |
    grep -v 'package-lock')
mapfile -t server_files < <(of '^(duel|include|protocol)/.*\.[ch]$')
mapfile -t headers < <(of '^(include|duel|protocol)/.*\.h$')
mapfile -t pages < <(of '\.md$')

# ---- shapes ----

grep -nHE '^.{101,}' "${c_files[@]}" | cut -c1-120 | check 'lines of C are at most 100 columns'
grep -nHE '^.{221,}' "${def_files[@]}" | cut -c1-120 | check 'lines of tables are at most 220 columns'
grep -nHP '[ \t]+$' "${text_files[@]}" | check 'no blanks at the end of a line'
grep -nHP '\t' "${c_files[@]}" "${def_files[@]}" | check 'no tabs in C'
grep -lP '[\x00-\x08\x0b-\x1f\x7f]' "${text_files[@]}" | check 'no control characters'
for file in "${text_files[@]}"; do
    [[ ! -s $file || -z $(tail -c 1 "$file") ]] || printf '%s\n' "$file"
done | check 'every file ends with a line feed'
for file in "${c_files[@]}"; do
    head -c 2 "$file" | grep -q '^/\*' || printf '%s\n' "$file"
done | check 'every C file opens with a comment'
awk 'FNR == 1 { start = 0 }
    /^{$/ { start = FNR }
    /^}$/ && start { if (FNR - start - 1 > 70) print FILENAME ":" start ": " FNR - start - 1; start = 0 }' \
    "${c_files[@]}" | check 'functions are at most 70 lines'
for file in "${server_files[@]}"; do
    lines=$(wc -l <"$file")
    ((lines <= 500)) || [[ -n ${LONG_FILES[$file]:-} ]] || printf '%s: %s\n' "$file" "$lines"
done | check 'files of the server are at most 500 lines'
for file in "${!LONG_FILES[@]}"; do
    [[ -e $file ]] && (($(wc -l <"$file") > 500)) || printf '%s\n' "$file"
done | check 'every exception for a long file is needed'
grep -nHE '^ *typedef +(struct|union|enum) ' "${c_files[@]}" | check 'no typedef of a struct'
grep -nHE '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' "${text_files[@]}" | check 'nothing is left to be done'
grep -nHE '\b(sprintf|vsprintf|strcpy|strcat|strncpy|strncat|stpcpy|gets|atoi|atol|atof|atoll|strtok|tmpnam|alloca|gmtime|localtime|system|popen) *\(' \
    "${server_files[@]}" | check 'no unbounded or unchecked function of libc'
printf '%s\n' "${all[@]}" | cut -d/ -f1 | sort -u | grep -vE "$TOP" |
    check 'nothing else at the top level'
for file in $(of '\.sh$'); do
    bash -n "$file" 2>&1
done | check 'shell scripts parse'

# ---- who includes what ----

# includes REGEX-OF-FILES: lines "file:line:path" of what they include.
includes()
{
    local files
    mapfile -t files < <(of "$1")
    ((${#files[@]} > 0)) || return 0
    grep -nHE '^#include' "${files[@]}" | sed -E 's/#include [<"]([^>"]+)[>"].*/\1/'
}
# inward RING FILES ALLOWED: what RING includes of ours or of libc, when it may not.
inward()
{
    includes "$2" | grep -vE ":[0-9]+:($3)\$" | check "$1 includes only what it may"
}

LIBC_PURE='(stdbool|stddef|stdint|string|limits|stdlib)\.h'
inward base '^(duel|include/duel)/base/' "duel/base/[a-z0-9_]+\.h|(stdio|unistd)\.h|$LIBC_PURE"
inward core '^(duel|include/duel)/core/' \
    "duel/(base|core)/[a-z0-9_]+\.h|utf8proc\.h|$LIBC_PURE"
inward hub '^(duel|include/duel)/hub/' \
    "duel/(base|core|hub)/[a-z0-9_]+\.(h|def)|(duel/protocol/messages\.h|protocol/messages\.def)|$LIBC_PURE"
includes '^(duel|include/duel)/(base|core|hub|io)/' | grep -E ':duel/command/' |
    check 'nothing that plays includes a command'
includes '^(protocol|include/duel/protocol)/' | grep -E ':duel/(core|hub|io)/' |
    check 'protocol includes only base'
includes '^loadtest/' | grep -E ':duel/(core|hub|io)/' |
    check 'a bot shares no opinion with the server'
includes '^(duel|include|protocol)/' | grep -E ':(tests|loadtest)/|:"?test' |
    check 'the server includes nothing of the tests'
for library in "${!LIBRARIES[@]}"; do
    includes '^(duel|include|protocol|loadtest)/' | grep -E ":[0-9]+:$library(/|\$)" |
        while IFS=: read -r file line path; do
            grep -qE "${LIBRARIES[$library]}" <<<"$file" || printf '%s:%s: %s\n' "$file" "$line" "$path"
        done
done | check 'each library is known to its own module only'
includes '^include/' | grep -E ':[0-9]+:(libwebsockets\.h|hiredis|libpq-fe\.h|openssl|curl|jansson\.h|msgpack\.h|utf8proc\.h)' |
    grep -vE '^include/duel/io/[a-z]+_private\.h:' | check 'no public header names a library'

read -ra libraries_flags < <(pkg-config --cflags libwebsockets hiredis libpq 2>/dev/null)
for header in "${headers[@]}"; do
    echo "#include \"$header\"" | "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror \
        -fsyntax-only -Iinclude -I. "${libraries_flags[@]}" -x c - 2>&1 | grep -E 'error' | head -n 1
done | check 'every header compiles alone'

# ---- who calls what ----

defined_by()
{
    nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u
}

sources=$(of '^duel/(core|hub)/.*\.c$')
mapfile -t pure < <(for file in $sources; do
    [[ -e $objdir/${file%.c}.o ]] && printf '%s\n' "$objdir/${file%.c}.o"
done)
for file in $sources; do
    [[ -e $objdir/${file%.c}.o ]] || printf '%s is missing: build first\n' "$objdir/${file%.c}.o"
done | check 'the objects of core and hub are there'
if ((${#pure[@]} > 0)); then
    mapfile -t base < <(for file in $(of '^duel/base/.*\.c$'); do
        [[ -e $objdir/${file%.c}.o ]] && printf '%s\n' "$objdir/${file%.c}.o"
    done)
    core_own=$(defined_by "${base[@]}" "$objdir"/duel/core/*.o)
    all_own=$(defined_by "${base[@]}" "${pure[@]}")
    for object in "${pure[@]}"; do
        short=${object#"$objdir"/duel/}
        own=$all_own
        [[ $short != core/* ]] || own=$core_own
        allocates=
        [[ ! $short =~ $NM_ALLOCATES ]] && ! defined_by "$object" | grep -q '_create$' || allocates=yes
        nm -u "$object" | awk '{ print $NF }' | grep -vE "$NM_ALWAYS" | grep -vxF "$own" |
            while read -r symbol; do
                [[ $short == core/normal.o && $symbol == utf8proc_* ]] && continue
                [[ -n $allocates && $symbol =~ ^(malloc|calloc|realloc|free)$ ]] && continue
                printf '%s: %s\n' "$short" "$symbol"
            done
    done | check 'core and hub call nobody outside'
fi

# ---- rules and pages ----

rules=$(grep -oE '\*\*R-[0-9]+\*\*' docs/rules.md | tr -d '*' | sort -u)
cited=$(of '^(duel|include|protocol|tests|loadtest|deploy|docs)/.*\.(c|h|def|mjs|sql|lua|md)$' |
    grep -v '^docs/rules\.md$' | xargs -r grep -ohE '\bR-[0-9]+\b' | sort -u)
# shellcheck disable=SC2046 # paths of ours hold no blanks
cited_by_tests=$(grep -ohE '\bR-[0-9]+\b' $(of '^tests/.*\.(c|h|mjs)$') | sort -u)
grep -oE '\*\*R-[0-9]+\*\*' docs/rules.md | sort | uniq -d | check 'every rule has its own number'
comm -13 <(echo "$rules") <(echo "$cited") | check 'every rule that is cited is there'
comm -23 <(echo "$rules") <(echo "$cited_by_tests") | check 'every rule is cited by a test'

for page in "${pages[@]}"; do
    grep -oE '\]\([^)# ]+' "$page" | sed 's/^](//' | grep -vE '^[a-z]+:' |
        while read -r target; do
            [[ -e $(dirname "$page")/$target ]] || printf '%s: %s\n' "$page" "$target"
        done
done | check 'links between pages lead somewhere'

mapfile -t shipped < <(of '^(deploy/[^/]*\.yml|deploy/Dockerfile|docs/(deploy|security)\.md)$')
grep -noHE '\bDUEL_[A-Z_0-9]+' "${shipped[@]}" | while IFS=: read -r file line name; do
    grep -q "\"$name\"" include/duel/io/settings.def || printf '%s:%s: %s\n' "$file" "$line" "$name"
done | check 'settings that are shipped or explained exist'
{
    sed -n 's/^PACKAGES := \(.*\) $(MSGPACK) \(.*\)/\1 msgpack-c \2 libev/p' Makefile | tr ' ' '\n'
    grep -ohE '"[@a-z0-9/-]+": "\^?[0-9]+\.[0-9]+\.[0-9]+"' tests/package.json protocol/js/package.json |
        cut -d'"' -f2 | grep -vx version
} | while read -r name; do
    grep -qF "\`$name\`" docs/licences.md || printf '%s\n' "$name"
done | check 'every library is listed with its licence'

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
