"""Completion for bash 3.2 and later, without the package bash-completion."""

from collections.abc import Iterable
from shlex import quote

from byocni_tui.completion.words import Command, Place, home, paths

_HEAD = r"""# bash completion for byocni-tui. To have it in every shell:
#   byocni-tui completion bash > ~/.local/share/bash-completion/completions/byocni-tui
# or put this line into ~/.bashrc:
#   source <(byocni-tui completion bash)
_byocni_tui_words() { local IFS=$' \t\n'; COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_byocni_tui_files() { local IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen "-$1" -- "$cur")); }
_byocni_tui_runs() {
    local IFS=$'\n' home=@HOME@
    COMPREPLY=($(compgen -W "$(command ls -1 "${BYOCNI_STATE_HOME:-$home}/runs" 2>/dev/null)" -- "$cur"))
}
_byocni_tui_list() {
    local done="" last=$cur word
    case $cur in *,*) done=${cur%,*},; last=${cur##*,} ;; esac
    COMPREPLY=()
    for word in $1; do case $word in "$last"*) COMPREPLY+=("$done$word") ;; esac; done
}
_byocni_tui_assignment() {
    local path=$1
    if [ -n "$path" ]; then
        case $path in
@VALUES@
        esac
    else
        _byocni_tui_words "$_byocni_tui_paths"
        compopt -o nospace 2>/dev/null
    fi
}
_byocni_tui_rest() {
    local first=$1 kind=$2
    if [ "$kind" = program ]; then
        if [ "$COMP_CWORD" -eq "$first" ]; then COMPREPLY=($(compgen -c -- "$cur")); else _byocni_tui_files f; fi
    elif [ "$COMP_CWORD" -eq "$first" ]; then _byocni_tui_words @COMMANDS@
    else _byocni_tui_files f; fi
}
_byocni_tui() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=wizard at=1 number=0 path="" word i
    COMPREPLY=()
    # "=" is a word of its own here: --lang=zh are three, --set a.b=c are four.
    if [ "$cur" = "=" ]; then cur=""; path=$prev; [ "$COMP_CWORD" -ge 2 ] && word=${COMP_WORDS[COMP_CWORD-2]}
    elif [ "$prev" = "=" ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; path=$prev; word=${COMP_WORDS[COMP_CWORD-3]}; fi
    case $path in -*) path="" ;; ?*) prev=$word ;; esac
    if [ "$COMP_CWORD" -gt 1 ]; then
        case " "@COMMANDS@" " in *" ${COMP_WORDS[1]} "*) command=${COMP_WORDS[1]}; at=2 ;; esac
    fi
    for ((i = at; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [ "$word" = -- ]; then
            case $command in
@RESTS@
            esac
            return
        fi
        case "$command $word" in
            @VALUED@) case ${COMP_WORDS[i+1]} in "=") i=$((i + 2)) ;; *) i=$((i + 1)) ;; esac ;;
            *" -"*) ;;
            *) number=$((number + 1)) ;;
        esac
    done
    case "$command $prev" in
@OPTIONS@
    esac
    case $cur in
        -*) case $command in
@FLAGS@
            esac
            return ;;
    esac
    if [ "$command" = wizard ] && [ "$COMP_CWORD" -eq 1 ]; then _byocni_tui_words @COMMANDS@; return; fi
    case "$command $number" in
@POSITIONALS@
    esac
}
complete -F _byocni_tui byocni-tui
"""


def script(commands: Iterable[Command]) -> str:
    """The whole script."""
    known = tuple(commands)
    names = quote(" ".join(command.name for command in known[1:]))
    valued = [
        quote(f"{command.name} {flag}")
        for command in known
        for option in command.options
        if option.value is not None
        for flag in option.flags
    ]
    parts = {
        "@HOME@": f'"{home("${XDG_STATE_HOME:-$HOME/.local/state}")}"',
        "@COMMANDS@": names if names.startswith("'") else f"'{names}'",
        "@VALUED@": "|".join(valued),
        "@VALUES@": "\n".join(
            f"            {quote(path)}) _byocni_tui_words {quote(' '.join(values))} ;;"
            for path, values in paths().items()
            if values
        ),
        "@RESTS@": "\n".join(
            f"                {command.name}) _byocni_tui_rest $((i + 1)) {command.rest.kind} ;;"
            for command in known
            if command.rest is not None
        ),
        "@OPTIONS@": "\n".join(_options(known)),
        "@FLAGS@": "\n".join(
            f"            {command.name}) _byocni_tui_words {quote(' '.join(_flags(command)))} ;;"
            for command in known
        ),
        "@POSITIONALS@": "\n".join(_positionals(known)),
    }
    text = _HEAD
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return f"_byocni_tui_paths={quote(' '.join(f'{path}=' for path in paths()))}\n{text}"


def _flags(command: Command) -> list[str]:
    return [flag for option in command.options for flag in option.flags]


def _options(known: tuple[Command, ...]) -> Iterable[str]:
    for command in known:
        for option in command.options:
            if option.value is not None:
                pattern = "|".join(quote(f"{command.name} {flag}") for flag in option.flags)
                yield f"        {pattern}) {_call(option.value)}; return ;;"


def _positionals(known: tuple[Command, ...]) -> Iterable[str]:
    for command in known:
        for number, place in enumerate(command.positionals):
            last = number == len(command.positionals) - 1 and command.repeats
            pattern = f'"{command.name} "*' if last else quote(f"{command.name} {number}")
            yield f"        {pattern}) {_call(place)} ;;"


def _call(place: Place) -> str:
    words = quote(" ".join(place.words))
    calls = {
        "words": f"_byocni_tui_words {words}" + ("; _byocni_tui_files f" if place.files else ""),
        "list": f"_byocni_tui_list {words}",
        "file": "_byocni_tui_files f",
        "directory": "_byocni_tui_files d",
        "assignment": '_byocni_tui_assignment "$path"',
        "run": "_byocni_tui_runs",
    }
    return calls.get(place.kind, ":")
