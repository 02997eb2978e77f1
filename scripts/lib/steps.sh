# Steps with times, for scripts/test and .ci/run. Sourced, not run.
#
# A step that fails does not stop those after it: one run shows all that is wrong. `finish_steps` gives the verdict.

failed_steps=()

# step NAME COMMAND..: runs the command, says how long it took, remembers a failure.
step() {
    local name=$1 started=$SECONDS
    shift
    printf '\n==> %s\n' "$name"
    if "$@"; then
        printf '    ok: %s (%s)\n' "$name" "$(duration $((SECONDS - started)))"
    else
        printf '    FAILED: %s (%s)\n' "$name" "$(duration $((SECONDS - started)))"
        failed_steps+=("$name")
    fi
}

# duration SECONDS: `75` becomes `1 min 15 s`.
duration() {
    if (($1 < 60)); then
        printf '%d s' "$1"
    else
        printf '%d min %d s' $(($1 / 60)) $(($1 % 60))
    fi
}

# finish_steps: names what failed; succeeds where nothing did.
finish_steps() {
    local name
    for name in "${failed_steps[@]}"; do
        printf 'failed: %s\n' "$name"
    done
    ((${#failed_steps[@]} == 0))
}
