"""Shell completion: the scripts for bash, zsh and fish, and the words they are given."""

from securely.support.listing import GLOBAL_OPTIONS, Entry, namespace

__all__ = ["SHELLS", "complete", "script"]

_BASH = """\
_securely_complete() {
    local IFS=$'\\n' words=("${COMP_WORDS[@]:2}")
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${COMP_WORDS[1]}" _complete "${words[@]}" \
2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "${COMP_WORDS[COMP_CWORD]}"
    fi
}
_securely_python() {
    case "${COMP_WORDS[1]}" in
        *artisan.py) COMP_WORDBREAKS=${COMP_WORDBREAKS//:} _securely_complete ;;
    esac
}
complete -o default -F _securely_python python python3
# Load it with: eval "$(python artisan.py completion bash)"
"""

_ZSH = """\
_securely_python() {
    if [[ "${words[2]}" == *artisan.py ]]; then
        local -a found
        found=("${(@f)$("${words[1]}" "${words[2]}" _complete "${(@)words[3,CURRENT]}" \
2>/dev/null)}")
        compadd -- "${found[@]}"
    else
        _default
    fi
}
compdef _securely_python python python3
# Load it with: eval "$(python artisan.py completion zsh)"
"""

_FISH = """\
function __securely_complete
    set -l words (commandline -opc) (commandline -ct)
    if string match -q '*artisan.py' -- $words[2]
        $words[1] $words[2] _complete $words[3..-1] 2>/dev/null
    end
end
complete -c python -a '(__securely_complete)'
complete -c python3 -a '(__securely_complete)'
# Load it with: python artisan.py completion fish | source
"""

SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str) -> str | None:
    """Return the script that teaches *shell*; ``None`` for one that is not known."""
    return SHELLS.get(shell)


def complete(entries: list[Entry], words: list[str]) -> list[str]:
    """Return what may stand in the place of the last of *words*.

    Args:
        entries: All commands.
        words: What stands after ``artisan.py``; the last one is being typed, perhaps still "".

    Example:
        >>> complete([Entry("cache:clear"), Entry("list")], ["ca"])
        ['cache:clear']
    """
    typed = words[-1] if words else ""
    named = [word for word in words[:-1] if not word.startswith("-")]
    if not named or named == ["help"]:
        if not typed.startswith("-"):
            return [e.name for e in entries if not e.hidden and e.name.startswith(typed)]
        own = []
    else:
        own = [o for e in entries if named[0] in (e.name, *e.aliases) for o in e.options]
    if not typed.startswith("-"):
        return [word for word in _values(entries, named) if word.startswith(typed)]
    names = [f"--{option.name}" for option in (*own, *GLOBAL_OPTIONS)]
    return [name for name in names if name.startswith(typed)]


def _values(entries: list[Entry], named: list[str]) -> list[str]:
    """Return what the argument behind *named* may be, where that is known without the command."""
    if named == ["completion"]:
        return [*SHELLS]
    if named == ["list"]:
        return sorted({namespace(entry.name) for entry in entries} - {""})
    return []
