namespace KvStore.Cli;

/// <summary>What shells source. Both ask <c>kv complete</c>, so that they know what this version of the program does.</summary>
internal static class CompletionScripts
{
    // A candidate that ends with a slash is a group of keys: no space follows, so that the next level can be completed.
    public const string Bash = """
        # Completion of kv for bash. Add to ~/.bashrc:  source <(kv completion bash)
        _kv() {
            local -
            set -o noglob
            local IFS=$'\n' word cur=${COMP_LINE:0:COMP_POINT}
            # The word under the cursor as bash splits it: a colon or an equals sign begins another one.
            local split=${COMP_WORDS[COMP_CWORD]} whole=${cur##*[[:space:]]}
            local -a words
            read -r -d '' -a words < <(IFS=' '; printf '%s\n' ${cur%"$whole"} && printf '\0')
            COMPREPLY=()
            while read -r word; do
                COMPREPLY+=("${word#"${whole%"$split"}"}")
            done < <(kv complete -- "${words[@]}" "$whole" 2>/dev/null)
            [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
            return 0
        }
        complete -o default -F _kv kv

        """;

    public const string Zsh = """
        #compdef kv
        # Completion of kv for zsh. Add to ~/.zshrc, after compinit:  source <(kv completion zsh)
        _kv() {
            local -a candidates groups
            local line
            while IFS= read -r line; do
                if [[ $line == */ ]]; then groups+=("$line"); else candidates+=("$line"); fi
            done < <(kv complete -- "${(@Q)words[1,CURRENT]}" 2>/dev/null)
            (( ${#groups} )) && compadd -S '' -- "${groups[@]}"
            (( ${#candidates} )) && compadd -- "${candidates[@]}"
            (( ${#groups} + ${#candidates} )) || _files
        }
        compdef _kv kv

        """;
}
