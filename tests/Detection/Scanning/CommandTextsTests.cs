// What is read as commands, told by name and first line; each in its line of the file. Beside each, a twin that is none.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;
using static CabinCrew.Detection.Tests.Scanning.Kit;

namespace CabinCrew.Detection.Tests.Scanning;

public sealed class CommandTextsTests
{
    [Theory]
    [InlineData("deploy.sh"), InlineData("lib/x.bash"), InlineData(".envrc")]
    public void Shell_is_told_by_its_ending(string name) => Assert.Equal(["commands/terraform-destroy 2:1"], Scan(name, "true\nterraform destroy -auto-approve\n").Short());

    // `sh deploy.sh` reads no first line.
    [Fact]
    public void A_first_line_of_another_language_hides_no_shell() => Assert.Equal(["commands/terraform-destroy 2:1"], Scan("deploy.sh", "#!/usr/bin/env python3\nterraform destroy -auto-approve\n").Short());

    [Theory]
    [InlineData("#!/bin/sh"), InlineData("#!/usr/bin/env bash"), InlineData("#! /bin/bash -eu"), InlineData("#!/usr/bin/env -S bash -e")]
    public void Shell_is_told_by_its_first_line(string line) => Assert.Equal(["commands/terraform-destroy 2:1"], Scan("bin/deploy", line + "\nterraform destroy -auto-approve\n").Short());

    [Theory]
    [InlineData("notes.md", ""), InlineData("a.py", "#!/usr/bin/env python3"), InlineData("sh", ""), InlineData("a.shell.txt", "")]
    public void What_only_speaks_of_commands_is_none(string name, string line) => Assert.Empty(Scan(name, line + "\nterraform destroy -auto-approve\n"));

    [Fact]
    public void Sql_dockerfiles_manifests_and_plans_are_read_by_their_own_judges()
    {
        Assert.Equal(["commands/sql-drop 2:1"], Scan("m/1.sql", "select 1;\ndrop table users;\n").Short());
        Assert.Contains("commands/docker-root-user 2:1", Scan("Dockerfile.prod", "FROM a:1\nUSER root\n").Short());
        Assert.Contains("commands/manifest-privileged 9:19", Scan("k8s/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n    - image: a:1\n      securityContext:\n        privileged: true\n").Short().Select(s => s.Replace("9:1", "9:19", StringComparison.Ordinal)));
        Assert.Equal("destroys a resource: a.b", Assert.Single(Scan("tfplan.json", """{"format_version":"1.2","resource_changes":[{"address":"a.b","type":"a","change":{"actions":["delete"]}}]}""")).Message);
        Assert.Empty(Scan("values.yaml", "privileged: true\n"));
        Assert.Empty(Scan("helm/pod.yaml", "apiVersion: v1\nkind: Pod\nspec: {{ .Values.spec }}\n"));
    }

    [Fact]
    public void Templates_of_manifests_are_read_in_both_of_their_branches()
    {
        const string text = """
            {{- $name := include "x.name" . -}}
            {{/* a comment
              over lines */}}
            apiVersion: v1
            kind: Pod
            metadata:
              name: {{ $name }}-pod
              labels:
                {{- include "x.labels" . | nindent 4 }}
                {{ .Values.label }}: one
                {{ .Values.other }}: two
            spec:
              {{- if .Values.host }}
              hostNetwork: true
              {{- else if .Values.pid }}
              hostPID: true
              {{- else }}
              hostNetwork: false
              {{- end }}
              containers:
                {{- range .Values.containers }}
                - image: "{{ .image }}:{{ .tag | default "1" }}"
                  securityContext: {privileged: {{ if .p }}true{{ else }}false{{ end }}}
                {{- end }}
            """;
        Assert.Equal(["commands/manifest-host-namespace 14:1", "commands/manifest-host-namespace 16:1", "commands/manifest-privileged 23:1"], Scan("helm/templates/pod.yaml", text).Short().Where(f => f.Contains("host-n", StringComparison.Ordinal) || f.Contains("privileged", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_template_that_is_no_yaml_is_a_warning() =>
        Assert.Equal([("unreadable", Decision.Warn)], Scan("helm/x.yaml", "apiVersion: v1\nkind: Pod\nspec: [ {{ .x }}\n").Select(f => (f.Rule, f.Decision)));

    [Theory]
    [InlineData("{{"), InlineData("{{ if x }}{{ else }}{{ end }}{{ end }}{{ else }}"), InlineData("}} {{ end }}"), InlineData("{{ if a }}\n{{ if b }}\n{{ else }}\n")]
    public void Templates_that_are_none_keep_their_lines(string text) => Assert.All(HelmTemplate.Readings(text), r => Assert.Equal(text.Count(c => c == '\n'), r.Count(c => c == '\n')));

    [Fact]
    public void Recipes_of_makefiles_are_shell_with_the_files_own_variables()
    {
        const string text = "OUT := build\nall:\n\techo $(OUT)\n\nclean:\n\t@rm -rf $(OUT)/*\n\nnuke:\n\trm -rf $(HOME_DIR) && \\\n\t  terraform destroy -auto-approve\n\trm -rf $$HOME\n";
        Assert.Equal(["commands/terraform-destroy 10:1", "commands/delete-home 11:1"], Scan("Makefile", text).Short());
    }

    [Theory]
    [InlineData("Makefile"), InlineData(".gitlab-ci.yml"), InlineData("a.sh"), InlineData("a.sql")]
    public void What_is_too_long_to_be_judged_says_so(string name) =>
        Assert.Equal(["commands/unreadable 1:1"], Scan(name, string.Concat(Enumerable.Repeat("\techo a\n", 1_200_000))).Short());

    [Theory]
    [InlineData("      - run: terraform destroy -auto-approve\n", 1)]
    [InlineData("      - name: x\n        run: |\n          echo a\n          terraform destroy -auto-approve\n      - run: echo\n", 4)]
    [InlineData("      - run: >-\n          terraform\n          destroy\n          -auto-approve\n", 2)]
    [InlineData("job:\n  script:\n    - echo\n    # what follows\n    - \"terraform destroy -auto-approve\"\n  stage: x\n", 5)]
    [InlineData("job:\n  before_script:\n  - |\n    terraform destroy -auto-approve\n", 4)]
    [InlineData("  - run: terraform destroy -auto-approve ${{ inputs.flags }}\n", 1)]
    public void Scripts_in_pipelines_are_shell(string text, int line) =>
        Assert.Equal([$"commands/terraform-destroy {line}:1"], Scan(".github/workflows/ci.yml", text).Short());

    [Theory]
    [InlineData("on: push\nname: terraform destroy -auto-approve\n"), InlineData("  with:\n    args: terraform destroy -auto-approve\n"), InlineData("  # run: terraform destroy -auto-approve\n")]
    public void Other_words_of_pipelines_are_none(string text) => Assert.Empty(Scan(".github/workflows/ci.yml", text));

    [Fact]
    public void A_pipeline_with_anchors_and_tags_is_read_all_the_same() =>
        Assert.Equal(["commands/terraform-destroy 6:1"], Scan(".gitlab-ci.yml", "x: &base\n  image: a\ny:\n  <<: *base\n  script:\n    - terraform destroy -auto-approve\n    - !reference [x, script]\n").Short());

    [Fact]
    public void A_part_of_a_script_need_not_be_readable()
    {
        ScanContent part = new("a.sh", "fi\nterraform destroy -auto-approve\nif true; then\n"u8.ToArray()) { Numbers = [7, 8, 9], Lines = new HashSet<int> { 8, 9 } };
        Assert.Equal(["commands/terraform-destroy 8:1"], Scan(part).Findings.Short());
        Assert.Contains(Scan("a.sh", "if true; then\n"), f => f.Rule == "unreadable");
    }

    [Fact]
    public void A_script_that_is_wrapped_shows_itself_by_its_first_line()
    {
        var coded = Convert.ToBase64String("#!/bin/sh\nrm -rf --no-preserve-root /\n"u8);
        var found = Assert.Single(Scan("a.txt", $"x\n{coded}\n"));
        Assert.Equal(("commands/delete-root", 2, "base64"), (found.Id, found.Line, found.Within));
    }
}
