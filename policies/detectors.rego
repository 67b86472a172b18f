# METADATA
# title: What detectors find
# description: |
#   Stricter than the detectors by themselves where a finding weighs more: in files that agents take for instructions, in an environment, in what automation asks for. What
#   detectors find is judged without this policy as well (`detectors` in the workflow file); this one adds to that, whatever the workflow makes of the findings.
# custom:
#   settings:
#     denied: Findings that are denied everywhere, as a detector's name or as detector/rule.
#     ignored: Findings that this policy does not speak of, likewise.
#     instructions: Names of files that agents take for instructions.
#     instruction_detectors: Detectors whose findings in such files are denied.
#     sensitive_paths: Paths (globs) in which insecure code needs a person whoever asks, such as those of logins and payments.
#     environments: Environments in which every other finding needs a person.
#     automation: Whether every other finding needs a person where automation asks.
#     role: Who says yes.
package cabincrew.policies.detectors

import data.cabincrew.findings

defaults := {
	"denied": [], "ignored": [],
	"instructions": ["AGENTS.md", "CLAUDE.md", "GEMINI.md", "SKILL.md", "copilot-instructions.md", ".cursorrules", ".windsurfrules"],
	"instruction_detectors": ["injection", "hidden-text", "exfiltration"],
	"sensitive_paths": ["**/auth/**", "**/login/**", "**/payment/**", "**/payments/**", "**/crypto/**", "**/security/**"],
	"environments": ["production"], "automation": true, "role": "maintainer",
}

settings := object.union(defaults, data.cabincrew.settings.detectors) if data.cabincrew.settings.detectors

else := defaults

found := [f | some f in input.findings; not named(f, settings.ignored)]

named(f, words) if f.detector in words

named(f, words) if sprintf("%s/%s", [f.detector, f.rule]) in words

deny contains findings.at_lines("denied-finding", "what detectors find here is denied", lines) if {
	lines := lines_of([f | some f in found; named(f, settings.denied)])
}

deny contains findings.at_lines("instruction-finding", "a file that agents take for instructions has hidden or manipulating text", lines) if {
	lines := lines_of([f |
		some f in found
		f.detector in settings.instruction_detectors
		parts := split(f.path, "/")
		parts[count(parts) - 1] in settings.instructions
	])
}

require_approval contains object.union(findings.at_lines("insecure-code-in-sensitive-path", "insecure code where logins, payments or keys are handled needs a person", lines), {"role": settings.role}) if {
	lines := lines_of([f |
		some f in found
		f.detector == "insecure-code"
		some pattern in settings.sensitive_paths
		glob.match(pattern, ["/"], sprintf("/%s", [f.path]))
	])
}

require_approval contains object.union(findings.at_lines("finding-in-environment", sprintf("what detectors find needs a person in '%s'", [input.environment]), lines_of(found)), {"role": settings.role}) if {
	input.environment in settings.environments
}

require_approval contains object.union(findings.at_lines("finding-of-automation", sprintf("what detectors find in a plan of '%s' needs a person", [input.requester.name]), lines_of(found)), {"role": settings.role}) if {
	settings.automation
	input.requester.kind == "automation"
}

lines_of(some_found) := {path: numbers |
	some path in {f.path | some f in some_found}
	numbers := sort({f.line | some f in some_found; f.path == path})
}
