// The texts that init writes. Pure: names of the directory's entries in, YAML out. Each comment is for somebody who sees this for the first time.
using System.Text;

namespace CabinCrew.Orchestrator.Workflows;

internal static class FirstWorkflow
{
    private const string Anything = "*";

    /// <summary>What a build file says about the repository, and a formatter that people there are likely to have.</summary>
    private static readonly (string Pattern, string Language, string Id, string Command)[] Known =
    [
        ("go.mod", "Go", "gofmt", "[gofmt, -w, .]"),
        ("Cargo.toml", "Rust", "rustfmt", "[sh, -c, \"find . -name '*.rs' -exec rustfmt {} +\"]"),
        ("package.json", "JavaScript", "prettier", "[node_modules/.bin/prettier, --write, .]"),
        ("pyproject.toml", "Python", "black", "[black, --quiet, .]"),
        ("setup.py", "Python", "black", "[black, --quiet, .]"),
        ("requirements.txt", "Python", "black", "[black, --quiet, .]"),
        ("*.tf", "Terraform", "terraform-fmt", "[terraform, fmt, -recursive]"),
        ("CMakeLists.txt", "C++", "clang-format", "[sh, -c, \"find . -name '*.cpp' -exec clang-format -i {} +\"]"),
        ("*.slnx", ".NET", "whitespace", "[dotnet, format, whitespace, --folder, .]"),
        ("*.sln", ".NET", "whitespace", "[dotnet, format, whitespace, --folder, .]"),
        ("*.csproj", ".NET", "whitespace", "[dotnet, format, whitespace, --folder, .]"),
        (Anything, "", "trailing-spaces", "[sh, -c, \"find . -name '*.txt' -exec sed -i 's/[[:space:]]*$//' {} +\"]"),
    ];

    public static string Text(string name, IReadOnlyList<string> entries)
    {
        var isGit = entries.Contains(".git");
        var (_, language, id, command) = Known.First(k => k.Pattern == Anything || entries.Any(e => Fits(e, k.Pattern)));
        var text = new StringBuilder($$"""
            # What CabinCrew may do to this repository. Plan it with `cabincrew plan`, fly it with `cabincrew run`.
            # Every key: docs/reference/workflow-file.md. For an editor: `cabincrew schema workflow > workflow.schema.json`.
            version: 1
            name: {{Quoted(name)}}
            workspace: .

            # Who judges a plan before a person sees it. Without a policy everything is denied.
            policies:
              - builtin: defaults
              # - rules: policies/change-rules.yaml    # your own, see docs/reference/rules.md

            steps:
              # The built-in engine `patch` proposes edits. This one adds a file, and harms nothing.
              - id: first-flight
                engine: patch
                config:
                  edits:
                    - path: FIRST-FLIGHT.md
                      content: |
                        # First flight

                        This file was planned, judged and applied by CabinCrew. Delete it when you like.

              # A patch that somebody or something else made:
              # - id: change
              #   engine: patch
              #   config: { patch_file: change.patch }

              # A command becomes a plan: it runs on a copy, and what it changed there is what gets reviewed and applied.
              # - id: {{id}}{{(language.Length > 0 ? $"    # {language}" : "")}}
              #   engine: script
              #   config: { run: {{command}} }
              #   determinism: verify

            """);
        if (isGit)
            text.Append("""

                  # Commit what earlier steps changed:
                  # - id: commit
                  #   engine: git
                  #   needs: [first-flight]
                  #   config:
                  #     action: commit
                  #     message: Note the first flight
                  #     author: { name: CabinCrew, email: cabincrew@example.com }
                  #     all: true

                """);
        return text.ToString();
    }

    /// <param name="name">What the audit log calls the person: a plain name, where the account's may hold any character.</param>
    public static string Identities(string name, string osUser) => $$"""
        # Who may approve, on this machine. Not part of the repository, and engines cannot see it.
        # Every key: docs/reference/identities.md.
        version: 1

        # The one who asked for a flight cannot approve it. Who works alone may set this to true; each such approval is recorded as what it is.
        self_approval: false
        default_role: maintainer

        identities:
          - name: {{Quoted(name)}}
            kind: human
            os_user: {{Quoted(osUser)}}
            roles: [maintainer, security]

          # An automation may ask for flights, and never approves any. Its token: `openssl rand -hex 32`, and here its hash:
          # `printf %s "$TOKEN" | sha256sum`.
          # - name: ci
          #   kind: automation
          #   token_sha256: 0000000000000000000000000000000000000000000000000000000000000000
          #   roles: []

        """;

    private static bool Fits(string name, string pattern) =>
        pattern.StartsWith('*') ? name.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase) : name == pattern;

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
