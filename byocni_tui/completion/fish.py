"""Completion for fish, with what each command and option does beside it."""

from collections.abc import Iterable

from byocni_tui.completion.words import Command, Option, Place, home, paths

_HEAD = r"""# fish completion for byocni-tui. To have it in every shell:
#   byocni-tui completion fish > ~/.config/fish/completions/byocni-tui.fish
function __byocni_tui_command
    set -l words (commandline -opc)
    for known in @NAMES@
        if test (count $words) -gt 1; and test "$words[2]" = $known
            echo $known
            return
        end
    end
    echo wizard
end
function __byocni_tui_is
    test (__byocni_tui_command) = $argv[1]
end
function __byocni_tui_first
    test (count (commandline -opc)) -eq 1
end
function __byocni_tui_at
    # How many words stand there that are neither options nor their values. Arguments: command, number or "+", options
    # that take a value.
    __byocni_tui_is $argv[1]; or return 1
    set -l words (commandline -opc)
    set -l number 0
    set -l skip 0
    for word in $words[3..-1]
        if test $skip -eq 1
            set skip 0
        else if test "$word" = --
            return 1
        else if contains -- $word $argv[3..-1]
            set skip 1
        else if not string match -q -- '-*' $word
            set number (math $number + 1)
        end
    end
    test $skip -eq 0; or return 1
    switch $argv[2]
        case '*+'
            test $number -ge (string replace + '' -- $argv[2])
        case '*'
            test $number -eq $argv[2]
    end
end
function __byocni_tui_rest
    __byocni_tui_is $argv[1]; and contains -- -- (commandline -opc)
end
function __byocni_tui_program
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    while test $at -gt 0
        set -e words[1]
        set at (math $at - 1)
    end
    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end
function __byocni_tui_runs
    set -l state $XDG_STATE_HOME
    test -n "$state"; or set state $HOME/.local/state
    set -l home $BYOCNI_STATE_HOME
    test -n "$home"; or set home "@HOME@"
    command ls -1 $home/runs 2>/dev/null
end
function __byocni_tui_list
    set -l done (string match -r '.*,' -- (commandline -ct))
    for word in $argv
        echo $done$word
    end
end
complete -c byocni-tui -f
"""


def script(commands: Iterable[Command]) -> str:
    """The whole script."""
    known = tuple(commands)
    head = _HEAD.replace("@NAMES@", " ".join(command.name for command in known[1:]))
    lines = [head.replace("@HOME@", home("$state")).rstrip()]
    lines += [
        f"complete -c byocni-tui -n __byocni_tui_first -a {command.name} -d {_quote(command.help)}"
        for command in known[1:]
    ]
    for command in known:
        lines += [_option(command, option) for option in command.options]
        valued = [flag for option in command.options if option.value for flag in option.flags]
        for number, place in enumerate(command.positionals):
            last = number == len(command.positionals) - 1 and command.repeats
            test = f"__byocni_tui_at {command.name} {number}{'+' if last else ''} {' '.join(valued)}"
            lines.append(f"complete -c byocni-tui -n {_quote(test)} {_value(place)}")
        if command.rest is not None:
            words = (
                "(__byocni_tui_program)"
                if command.rest.kind == "program"
                else " ".join(item.name for item in known[1:])
            )
            test = _quote(f"__byocni_tui_rest {command.name}")
            lines.append(f"complete -c byocni-tui -n {test} -F -a {_quote(words)}")
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _option(command: Command, option: Option) -> str:
    flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
    test = _quote(f"__byocni_tui_is {command.name}")
    value = ""
    if option.value is not None:
        # -x: one of these and no file.
        takes_files = option.value.files or option.value.kind == "file"
        value = f" {'-r' if takes_files else '-x'} {_value(option.value)}"
    return f"complete -c byocni-tui -n {test} {flags} -d {_quote(option.help)}{value}"


def _value(place: Place) -> str:
    words = _quote(" ".join(place.words))
    known = [f"{path}={value}" for path, values in paths().items() for value in (values or ("",))]
    texts = {
        "words": f"-a {words}" + (" -F" if place.files else ""),
        "list": f"-a {_quote('(__byocni_tui_list ' + ' '.join(place.words) + ')')}",
        "file": "-F",
        "directory": "-a '(__fish_complete_directories (commandline -ct))'",
        "assignment": f"-a {_quote(' '.join(_quote(text) for text in known))}",
        "run": "-a '(__byocni_tui_runs)'",
    }
    return texts.get(place.kind, "")
