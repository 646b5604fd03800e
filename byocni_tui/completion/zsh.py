"""Completion for zsh, with what each command and option does beside it."""

import re
from collections.abc import Iterable
from shlex import quote

from byocni_tui.completion.words import Command, Option, Place, home, paths

_TEXT = r"""#compdef byocni-tui
# zsh completion for byocni-tui. To have it in every shell, put the file into a folder of $fpath:
#   byocni-tui completion zsh > "${fpath[1]}/_byocni-tui"
# or put this line into ~/.zshrc, after compinit:
#   source <(byocni-tui completion zsh)
_byocni_tui_runs() {
  local -a runs
  local home=@HOME@
  runs=("${BYOCNI_STATE_HOME:-$home}"/runs/*(N/:t))
  compadd -a runs
}
_byocni_tui_list() { compset -P '*,'; compadd -S '' -- "$@" }
_byocni_tui_assignment() {
  if compset -P 1 '*='; then
    case ${(Q)IPREFIX} in
@VALUES@
    esac
  else
    local -a known
    known=(@PATHS@)
    compadd -S '=' -a known
  fi
}
_byocni_tui_commands() {
  local -a known
  known=(
@COMMANDS@
  )
  _describe -t commands command known
}
_byocni_tui_rest() {
  local -i at=${words[(i)--]}
  words=("${(@)words[at+1,-1]}")
  (( CURRENT -= at ))
  if [[ $1 == program ]]; then _normal; elif (( CURRENT == 1 )); then _byocni_tui_commands; else _files; fi
}
_byocni_tui_either() { local -i none=1; compadd -- "$@" && none=0; _files && none=0; return none }
_byocni_tui() {
  local context state line curcontext="$curcontext" command=wizard
  typeset -A opt_args
  if (( CURRENT == 2 )); then
    [[ $words[2] == -* ]] || { _byocni_tui_commands; return }
  else
    case $words[2] in
      @NAMES@) command=$words[2]; shift words; (( CURRENT-- )) ;;
    esac
  fi
  if (( ${words[(i)--]} < CURRENT )); then
    case $command in
@RESTS@
    esac
  fi
  case $command in
@CASES@
  esac
}
if [ "$funcstack[1]" = "_byocni-tui" ]; then _byocni_tui "$@"; else compdef _byocni_tui byocni-tui; fi
"""


def script(commands: Iterable[Command]) -> str:
    """The whole script."""
    known = tuple(commands)
    parts = {
        "@VALUES@": "\n".join(
            f"      *{re.sub(r'([][])', lambda m: chr(92) + m[1], path)}=) compadd -- {_words(values)} ;;"
            for path, values in paths().items()
            if values
        ),
        "@HOME@": f'"{home("${XDG_STATE_HOME:-$HOME/.local/state}")}"',
        "@PATHS@": _words(tuple(paths())),
        "@COMMANDS@": "\n".join(
            f"    {quote(command.name + ':' + command.help.replace(':', ' '))}" for command in known[1:]
        ),
        "@NAMES@": "|".join(command.name for command in known[1:]),
        "@RESTS@": "\n".join(
            f"      {command.name}) _byocni_tui_rest {command.rest.kind}; return ;;"
            for command in known
            if command.rest is not None
        ),
        "@CASES@": "\n".join(_case(command) for command in known),
    }
    text = _TEXT
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def _words(words: tuple[str, ...]) -> str:
    return " ".join(quote(word) for word in words)


def _case(command: Command) -> str:
    specs = [quote(text) for option in command.options for text in _option(option)]
    for number, place in enumerate(command.positionals, 1):
        last = number == len(command.positionals) and command.repeats
        where = "*" if last else f"{number}:"
        specs.append(quote(f"{where}:{'word' if last else ' '}:{_action(place)}"))
    lines = " \\\n        ".join(specs)
    return f"    {command.name})\n      _arguments -s \\\n        {lines} ;;"


def _option(option: Option) -> Iterable[str]:
    """One specification a name; each shuts out the others unless the option may stand several times."""
    for flag in option.flags:
        text = option.help.replace("\\", "\\\\").replace("[", r"\[").replace("]", r"\]").replace(":", r"\:")
        before = "*" if option.repeats else f"({' '.join(option.flags)})"
        if option.value is None:
            yield f"{before}{flag}[{text}]"
        else:
            equals = "=" if flag.startswith("--") else ""
            yield f"{before}{flag}{equals}[{text}]: :{_action(option.value)}"


def _action(place: Place) -> str:
    words = " ".join(place.words)
    actions = {
        "words": f" _byocni_tui_either {words}" if place.files else f"({words})",
        "list": f" _byocni_tui_list {words}",
        "file": "_files",
        "directory": "_files -/",
        "assignment": " _byocni_tui_assignment",
        "run": " _byocni_tui_runs",
    }
    return actions.get(place.kind, " ")
