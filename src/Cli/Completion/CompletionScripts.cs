// Shell completion: small scripts that ask the program itself ([suggest:N] of System.CommandLine), so that they are never out of date.
// They run the program found on PATH, never the one typed, and treat its answer as words, never as code.
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Completion;

internal static class CompletionScripts
{
    public static readonly IReadOnlyList<string> Shells = ["bash", "zsh", "fish"];

    public static Outcome<string> For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => new Problem(ProblemCode.InvalidArgument, $"no completion for the shell '{shell}'") { Remedy = $"Name one of: {string.Join(", ", Shells)}." },
    };

    private const string Bash = """
        # CabinCrew completion for bash. Put this line into ~/.bashrc:   eval "$(cabincrew completion bash)"
        _cabincrew() {
            local word=${COMP_WORDS[COMP_CWORD]} found one
            COMPREPLY=()
            mapfile -t found < <(command cabincrew "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
            for one in "${found[@]}"; do
                [[ $one == "$word"* ]] && COMPREPLY+=("$one")
            done
        }
        complete -o default -F _cabincrew cabincrew

        """;

    private const string Zsh = """
        #compdef cabincrew
        # CabinCrew completion for zsh. Put this line into ~/.zshrc, after compinit:   eval "$(cabincrew completion zsh)"
        _cabincrew() {
            local line="${(j: :)words[1,CURRENT]}"
            local -a found
            found=("${(@f)$(command cabincrew "[suggest:${#line}]" "$line" 2>/dev/null)}")
            found=("${(@)found:#}")
            if (( ${#found} )); then compadd -- "${found[@]}"; else _files; fi
        }
        if [[ $funcstack[1] == _cabincrew ]]; then _cabincrew "$@"; else compdef _cabincrew cabincrew; fi

        """;

    private const string Fish = """
        # CabinCrew completion for fish. Save it as ~/.config/fish/completions/cabincrew.fish
        function __cabincrew_complete
            set -l line (commandline -cp | string collect)
            set -l found (command cabincrew "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
            if test (count $found) -gt 0
                printf '%s\n' $found
            else
                __fish_complete_path (commandline -ct)
            end
        end
        complete -c cabincrew -f -a '(__cabincrew_complete)'

        """;
}
