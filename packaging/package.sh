#!/usr/bin/env bash
# Makes what people install, in target/packages, with SHA256SUMS. Called by hand, by .ci/run and by the release
# workflow.
#
#   packaging/package.sh [--dev] KIND...
#
#   linux          squares-VERSION-x86_64-unknown-linux-musl.tar.gz: static programs for every Linux
#   windows        squares-VERSION-x86_64-pc-windows-gnu.zip
#   deb            squares_VERSION_amd64.deb for Debian and Ubuntu: the static programs, with systemd units
#   wheel          a wheel for `pip install` on Linux, and
#   wheel-windows  one on Windows
#   native         an archive for this machine's system, as the release workflow makes it on Windows and macOS
#   all            all but native
#
# --dev packs programs as `cargo build` makes them, into target/packages-dev: faster to build, slower to run, for
# trying the packages themselves.
# Nothing in a package tells when and in which folder it was made: the same source, compiler and tools give the same
# bytes. Needs what packaging/sysroots.sh installs; Python 3; debhelper for deb; maturin for wheels.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
target_folder=${CARGO_TARGET_DIR:-target}
case $target_folder in /*) ;; *) target_folder=$root/$target_folder ;; esac
out=$target_folder/packages
version=$(cargo pkgid --locked -p squares)
version=${version##*[#@]}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
umask 022

host=$(rustc -vV | sed -n 's/^host: //p')
musl=x86_64-unknown-linux-musl
windows=x86_64-pc-windows-gnu
profile=release

# Builds both programs for a target, unless this run has done so, and sets `built` to their folder.
build() {
    local for_target=(--target "$1")
    built=$target_folder/$1/${profile/dev/debug}
    # For this machine itself, where everything else is built that is called without a target.
    [ "$1" != "$host" ] || { built=$target_folder/${profile/dev/debug} && for_target=(); }
    [[ " ${done_targets:-} " == *" $1 "* ]] && return
    cargo build --locked --profile "$profile" -p squares -p squares-server --bins \
        ${for_target[@]+"${for_target[@]}"}
    done_targets="${done_targets:-} $1"
}

# Sets the compiler and the linkers for targets that are not this machine's.
cross() {
    [ -n "${crossing:-}" ] && return
    # shellcheck disable=SC1090
    . "$(packaging/sysroots.sh)"
    crossing=1
}

# An empty folder to lay a package out in.
layout() {
    folder=$out/layout/$1
    rm -rf "$folder"
    mkdir -p "$folder"
}

# What every package has besides the programs, for a target.
papers() {
    cp LICENSE-APACHE LICENSE-MIT README.md README.ko.md CHANGELOG.md "$folder"
    python3 packaging/third_party.py "$1" >"$folder/THIRD-PARTY.txt"
}

# An archive for a target, with this ending. Programs on Windows end in .exe.
archive() {
    local target=$1 ending=$2 exe=$3
    layout "squares-$version-$target"
    build "$target"
    papers "$target"
    cp "$built/squares$exe" "$built/squares-server$exe" "$folder"
    # Where the README and the other pages say that they are.
    mkdir "$folder/docs" "$folder/assets"
    cp SECURITY.md "$folder"
    cp docs/{classroom,cluster,protocol,ssh}.md "$folder/docs"
    cp -r assets/{man,completions,squares-server.service,server.conf,sshd_squares.conf} assets/*.example.* \
        "$folder/assets"
    python3 packaging/archive.py "$folder" "$out/$(basename "$folder")$ending"
}

deb() {
    cross
    build $musl
    layout "squares-$version"
    papers $musl
    cp "$built/squares" "$built/squares-server" assets/server.conf "$folder"
    cp -r assets/man assets/completions packaging/deb "$folder"
    mv "$folder/deb" "$folder/debian"
    mkdir "$folder/docs" "$folder/examples"
    cp docs/{classroom,ssh}.md SECURITY.md "$folder/docs"
    cp assets/*.example.* assets/sshd_squares.conf "$folder/examples"
    # The units, from the one that the project has.
    sed -e '/^# A systemd unit/,/^\[Unit\]/{/^#/d}' -e 's|/usr/local/bin|/usr/bin|' \
        -e '/^# Needed for a roster/,/^# (LoadCredential/d' -e 's/^#SupplementaryGroups/SupplementaryGroups/' \
        assets/squares-server.service >"$folder/debian/squares.squares-server.service"
    sed -e '/^Description=/s/$/ (%i)/' -e 's|=-/etc/squares/server.conf|=/etc/squares/%i.conf|' \
        -e 's|/var/lib/squares$|&-%i|' -e 's|^StateDirectory=squares$|&-%i|' \
        "$folder/debian/squares.squares-server.service" >"$folder/debian/squares.squares-server@.service"
    # Whoever publishes a package sets DEBFULLNAME and DEBEMAIL.
    local maintainer="${DEBFULLNAME:-The Squares authors} <${DEBEMAIL:-squares@localhost.localdomain}>"
    sed -i "s/@MAINTAINER@/$maintainer/" "$folder/debian/control"
    printf 'squares (%s) unstable; urgency=medium\n\n  * What changed: CHANGELOG.md.\n\n -- %s  %s\n' "$version" \
        "$maintainer" "$(LC_ALL=C date -uRd "@$SOURCE_DATE_EPOCH")" >"$folder/debian/changelog"
    mkdir -p "$folder/debian/source"
    echo '3.0 (native)' >"$folder/debian/source/format"
    (cd "$folder" && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage --build=binary --unsigned-changes --no-pre-clean \
        --no-check-builddeps >"$out/layout/deb.log" 2>&1) || { cat "$out/layout/deb.log"; exit 1; }
    mv "$out/layout/squares_${version}_amd64.deb" "$out"
}

# A wheel for a target, with these platform tags. Programs on Windows end in .exe.
wheel() {
    local target=$1 exe=$2
    shift 2
    cross
    build "$target"
    layout "wheel-$target"
    papers "$target"
    mkdir -p "$folder/data/scripts"
    cp "$built/squares-server$exe" "$folder/data/scripts"
    sed -e "s|@ROOT@|$root|" -e "s|@VERSION@|$version|" packaging/wheel/pyproject.toml >"$folder/pyproject.toml"
    (cd "$folder" && maturin build --locked --profile "$profile" --target "$target" --out "$out" "$@")
}

kinds=()
for argument in "$@"; do
    case $argument in
        --dev) profile=dev && out=$target_folder/packages-dev ;;
        all) kinds+=(linux windows deb wheel wheel-windows) ;;
        linux | windows | deb | wheel | wheel-windows | native) kinds+=("$argument") ;;
        *) sed -n '2,/^set /s/^# \{0,1\}//p' "$root/packaging/package.sh"; exit 2 ;;
    esac
done
[ ${#kinds[@]} != 0 ] || exec "$root/packaging/package.sh" --help

# The programs name their source files in panics: not by this machine's folders.
if [ "$profile" = release ]; then
    export RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$root=/squares"
fi
mkdir -p "$out"
for kind in "${kinds[@]}"; do
    printf '\n=== %s\n' "$kind"
    case $kind in
        linux) cross && archive $musl .tar.gz "" ;;
        windows) cross && archive $windows .zip .exe ;;
        deb) deb ;;
        wheel) wheel $musl "" --compatibility manylinux2014 musllinux_1_1 ;;
        wheel-windows) wheel $windows .exe ;;
        native)
            case $host in
                *windows*) archive "$host" .zip .exe ;;
                *) archive "$host" .tar.gz "" ;;
            esac
            ;;
    esac
done

cd "$out"
rm -rf layout SHA256SUMS
if command -v sha256sum >/dev/null; then sum=(sha256sum); else sum=(shasum -a 256); fi
"${sum[@]}" ./squares* | sed 's|\./||' >SHA256SUMS
printf '\n'
cat SHA256SUMS
ls -l
