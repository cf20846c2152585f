#!/usr/bin/env bash
# Gives Rust's standard library for Windows (gnu) and static Linux (musl), and the linkers for both.
# Called by .ci/run and packaging/package.sh.
#
#   . "$(packaging/sysroots.sh [FOLDER])"      then: cargo build --target x86_64-unknown-linux-musl
#                                              and:  "$CARGO_CLIPPY" clippy --target x86_64-pc-windows-gnu
#
# Prints the file to source, and nothing else, on standard output. FOLDER is a cache, by default squares-sysroots in the
# user's cache folder, with one folder for each version of rustc: what is there is not made again.
# Where rustup has the targets, they are rustup's. Elsewhere Debian's newest compiler (rustc-web) is unpacked into the
# cache, not installed, and the standard library is built with it from Debian's sources: about 140 MB and two minutes.
set -euo pipefail
exec 3>&1 1>&2

windows=x86_64-pc-windows-gnu
musl=x86_64-unknown-linux-musl
cache=$(realpath -m "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/squares-sysroots}")
to=$cache/$(rustc --version | tr -c 'a-zA-Z0-9.\n' -)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs Debian packages that are not installed.
install() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null || { echo "please install what has these Debian names: ${missing[*]}"; exit 1; }
    update_lists
    as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Fetches the lists of packages, once.
update_lists() {
    [ -n "${lists_are_new:-}" ] && return
    lists_are_new=1
    as_root apt-get update -qq || echo "apt-get update failed: going on with the lists that are there"
}

# Writes the file to source, as the last thing: a folder that has it is complete.
finish() {
    printf '%s\n' "export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc" "$@" >"$to/env.new"
    mv "$to/env.new" "$to/env"
}

mkdir -p "$to"
exec 4>"$to/lock"
flock 4

# A new machine may come with an old cache.
install gcc libc6-dev gcc-mingw-w64-x86-64-win32 musl-tools

# Whether the compiler of the file to source has the standard library for both targets.
is_complete() (
    # shellcheck disable=SC1091
    . "$to/env"
    sysroot=$("${RUSTC:-rustc}" --print sysroot)
    compgen -G "$sysroot/lib/rustlib/$windows/lib/libstd[.-]*" && compgen -G "$sysroot/lib/rustlib/$musl/lib/libstd[.-]*"
)

if [ -f "$to/env" ] && is_complete >/dev/null 2>&1; then
    echo "$to/env" >&3
    exit
fi

if rustup target add $windows $musl 2>/dev/null; then
    finish "export CARGO_CLIPPY=cargo-clippy"
    echo "$to/env" >&3
    exit
fi

echo "rustup has no $windows and $musl here: building the standard library with Debian's compiler"
update_lists
# The first word of standard input that has this form; reads all of it, as apt-cache dislikes a closed pipe.
word() { grep -oE "$1" | sed -n 1p; }
version=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
[ -n "$version" ] || { echo "apt has no rustc-web: Debian 12 with its security updates has it"; exit 1; }
runtime=$(apt-cache show "libstd-rust-web-dev=$version" | word 'libstd-rust-web-[0-9][0-9.]*')
llvm=$(apt-cache show "$runtime=$version" | word 'libllvm[0-9]+')
unwind=$(apt-cache search --names-only '^libunwind-[0-9]+-dev$' | cut -d' ' -f1 | sort -V | tail -1)
# What LLVM itself is linked to.
mapfile -t libraries < <(apt-cache depends "$llvm" | sed -n 's/^ *Depends: \(lib[a-z0-9.+-]*\)$/\1/p')
install "${libraries[@]}"

rm -rf "$to/debs" "$to/rust" "$to/std" "${to:?}/bin"
mkdir -p "$to/debs" "$to/rust" "$to/bin"
(
    cd "$to/debs"
    apt-get download -qq -o APT::Sandbox::User=root "$llvm" "$unwind" \
        "$runtime=$version" {rustc-web,libstd-rust-web-dev,rust-web-src,rust-web-clippy}="$version"
    for deb in *.deb; do dpkg -x "$deb" "$to/rust"; done
)

# The compiler looks for its libraries in the system's folders; only it is told of these.
for program in rustc rustdoc clippy-driver cargo-clippy; do
    cat >"$to/bin/$program" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH=$to/rust/usr/lib/x86_64-linux-gnu exec $to/rust/usr/bin/$program "\$@"
WRAPPER
    chmod +x "$to/bin/$program"
done
export RUSTC=$to/bin/rustc

rustlib=$to/rust/usr/lib/rustlib
library=$(echo "$to"/rust/usr/src/rustc-*/library)
for target in $windows $musl; do
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc RUSTC_BOOTSTRAP=1 \
        RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes" \
        cargo build --quiet --release --locked --manifest-path "$library/sysroot/Cargo.toml" \
        --features panic-unwind,backtrace --target "$target" --target-dir "$to/std"
    mkdir -p "$rustlib/$target/lib/self-contained"
    cp "$to/std/$target/release/deps/"*.rlib "$rustlib/$target/lib/"
done

# What rustc links every program to besides the standard library: for Windows its two start objects …
for object in rsbegin rsend; do
    RUSTC_BOOTSTRAP=1 "$RUSTC" --target $windows --emit=obj -Cpanic=abort \
        -o "$rustlib/$windows/lib/$object.o" "$library/rtstartup/$object.rs"
done
# … and for musl the C library, its start objects, and an unwinder. Debian built that one against glibc's hardened
# headers; musl has no __fprintf_chk.
contained=$rustlib/$musl/lib/self-contained
cp /usr/lib/x86_64-linux-musl/{crt1,Scrt1,rcrt1,crti,crtn}.o /usr/lib/x86_64-linux-musl/libc.a "$contained/"
cp "$(dirname "$(gcc -print-libgcc-file-name)")"/crt{begin,beginS,end,endS}.o "$contained/"
cp -L "$to"/rust/usr/lib/llvm-*/lib/libunwind.a "$contained/"
cat >"$to/chk.c" <<'C'
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *file, int flag, const char *form, ...) {
    (void)flag;
    va_list arguments;
    va_start(arguments, form);
    int written = vfprintf(file, form, arguments);
    va_end(arguments);
    return written;
}
C
musl-gcc -O2 -fPIC -c "$to/chk.c" -o "$to/chk.o"
ar rs "$contained/libunwind.a" "$to/chk.o"
rm -rf "$to/std" "$to/debs" "$to/chk.c" "$to/chk.o"

finish "export RUSTC=$to/bin/rustc RUSTDOC=$to/bin/rustdoc CARGO_CLIPPY=$to/bin/cargo-clippy"
echo "$to/env" >&3
