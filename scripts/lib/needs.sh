# What the tests need beside Rust, for scripts/test. Sourced, not run.

# need_rust: cargo with rustfmt and clippy, or a word on how to get them.
need_rust() {
    if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
        PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
    fi
    if ! command -v cargo >/dev/null; then
        printf 'Rust is missing. Install it: https://rustup.rs\n'
        return 1
    fi
    local component
    for component in fmt clippy; do
        cargo "$component" --version >/dev/null 2>&1 && continue
        rustup component add "${component/#fmt/rustfmt}" || return 1
    done
}

# need_debian COMMAND=PACKAGE..: installs the packages whose command is missing where that is allowed; otherwise says
# what to install.
need_debian() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    ((${#missing[@]} == 0)) && return 0
    local as_root=()
    ((EUID == 0)) || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        printf 'These are missing: %s. Install them, for instance with:\n    sudo apt-get install %s\n' \
            "${missing[*]}" "${missing[*]}"
        return 1
    fi
    printf 'installing %s\n' "${missing[*]}"
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
