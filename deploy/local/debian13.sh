# shellcheck shell=bash
# Shared by scripts that run something inside a Debian 13: a bare root, made once by debootstrap from the
# mirror that this machine uses, and a way into a copy of it. Needs deploy/local/lib.sh and root. Knows
# nothing of what is done inside.

DEBIAN13=trixie
# The bare root, kept for the next time.
# shellcheck disable=SC2153 # lib.sh has it
DEBIAN13_TAR=$ROOT/build/debian13.tar

# debian13_mirror SUITE: where this machine's apt finds that suite of its own release: "" or -security.
# shellcheck disable=SC2016 # the names in the format are apt's
debian13_mirror()
{
    local suite
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")$1
    apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk -v suite="$suite" '$2 == suite && $1 ~ /^http/ && !seen++ { print $1 }'
}

# debian13_unpack ROOT: a bare Debian 13 in that folder, in place of what was there.
debian13_unpack()
{
    local root=$1 log=$ROOT/build/debian13.log mirror
    rm -rf "$root"
    mkdir -p "$root" "$ROOT/build"
    if [[ ! -e $DEBIAN13_TAR ]]; then
        say "Making a bare Debian 13 (the first time only)."
        mirror=$(debian13_mirror "")
        [[ -n $mirror ]] || die "apt on this machine knows no mirror of its own release"
        debootstrap --variant=minbase "$DEBIAN13" "$root" "$mirror" >"$log" 2>&1 ||
            die "debootstrap failed: $(tail -n 5 "$log")"
        tar -C "$root" -cf "$DEBIAN13_TAR.new" .
        mv "$DEBIAN13_TAR.new" "$DEBIAN13_TAR"
    else
        tar -C "$root" -xf "$DEBIAN13_TAR"
    fi
}

# What a machine of the same network would have: names, and whom it trusts.
debian13_lend_network()
{
    local root=$1
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    mkdir -p "$root/etc/ssl"
    if [[ -r /etc/ssl/certs/ca-certificates.crt ]]; then
        cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/lent.crt"
    fi
}

# debian13_exec ROOT FOLDER COMMAND …: becomes that command, in that folder of the root, with an environment
# of its own: DEBIAN13_ENV and this machine's proxies. Nothing of the machine is mounted but its devices, and
# the mounts live in a namespace that ends with the command, as does every process in it.
DEBIAN13_ENV=()
debian13_exec()
{
    local root=$1 folder=$2 name env
    shift 2
    env=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root)
    for name in http_proxy https_proxy no_proxy; do
        [[ -z ${!name:-} ]] || env+=("$name=${!name}")
    done
    # shellcheck disable=SC2016 # expanded inside
    exec unshare --mount --pid --fork --kill-child bash -euc '
        root=$1
        shift
        mount --make-rprivate /
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        exec chroot "$root" /usr/bin/env -i "$@"' _ "$root" -C "$folder" "${env[@]}" "${DEBIAN13_ENV[@]}" "$@"
}
