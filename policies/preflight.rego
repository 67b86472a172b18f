# METADATA
# title: The collection
# description: |
#   What CabinCrew asks. Collects what the policies beside it find, and needs a person's yes for every change that none of them speaks of: a plan comes from a
#   program that nobody trusts, so silence is not consent. Only prose, and a plan that applies nothing, pass without a person. Take this file and any of the
#   others; tune them by data below `cabincrew.settings` (see data.yaml), and leave the files as they are.
# custom:
#   twins: [default, documentation, nothing-to-apply]
#   settings:
#     unmatched: What becomes of changes that no policy speaks of. require_approval, deny, warn or allow.
#     prose: Whether prose may change without a person.
package cabincrew.preflight

import data.cabincrew.findings

# Every policy has settings of its own, and these beside them: `mode` enforce, warn (a rehearsal: what it would do is a warning) or off.
modes := {"enforce", "warn", "off"}

defaults := {"unmatched": "require_approval", "prose": true}

settings := object.union(defaults, data.cabincrew.settings.preflight) if data.cabincrew.settings.preflight

else := defaults

default mode(_) := "enforce"

mode(name) := data.cabincrew.settings[name].mode

deny contains finding if {
	some name
	some finding in data.cabincrew.policies[name].deny
	mode(name) == "enforce"
}

require_approval contains finding if {
	some name
	some finding in data.cabincrew.policies[name].require_approval
	mode(name) == "enforce"
}

warn contains finding if {
	some name
	some finding in data.cabincrew.policies[name].warn
	mode(name) != "off"
}

# Rehearsed policies

warn contains rehearsed("would deny: ", finding) if {
	some name
	mode(name) == "warn"
	some finding in data.cabincrew.policies[name].deny
}

warn contains rehearsed("would need an approval: ", finding) if {
	some name
	mode(name) == "warn"
	some finding in data.cabincrew.policies[name].require_approval
}

rehearsed(intro, finding) := object.union(object.remove(finding, {"role", "count"}), {"msg": concat("", [intro, finding.msg])})

# What nobody speaks of

deny contains unmatched if settings.unmatched == "deny"

require_approval contains unmatched if settings.unmatched == "require_approval"

warn contains unmatched if settings.unmatched == "warn"

unmatched := findings.about("default", "every change that is not prose needs a person's yes", silent) if count(silent) > 0

else := {"id": "default", "msg": "a plan that changes no file needs a person's yes", "evidence": {}} if {
	count(input.changes) == 0
	not applies_nothing
}

silent := [change.path |
	some change in input.changes
	not change.path in covered
	not is_prose(change)
]

# Who speaks of a file covers it, if what they say is strict enough.
covered contains path if {
	some name
	mode(name) == "enforce"
	some finding in data.cabincrew.policies[name].deny
	some path in finding.evidence.files
}

covered contains path if {
	some name
	mode(name) == "enforce"
	some finding in data.cabincrew.policies[name].require_approval
	some path in finding.evidence.files
}

# Prose that no machine takes for instructions.
is_prose(change) if {
	settings.prose
	strings.any_suffix_match(change.name, {".md", ".rst", ".adoc"})
	change.change in {"create", "update"}
	change.after.kind == "regular"
	not change.binary
	not change.name in {"AGENTS.md", "CLAUDE.md", "GEMINI.md", "CONVENTIONS.md", "SKILL.md", "copilot-instructions.md"}
	not startswith(change.directory, ".")
	not contains(change.directory, "/.")
}

applies_nothing if {
	not input.outside_effects
	input.totals.refs == 0
	every artifact in input.artifacts {
		artifact.role != "state"
		not "git" in object.keys(artifact.metadata)
	}
}

# A slip in the settings denies everything, and says where.

deny contains {"id": "settings", "msg": sprintf("there are settings for '%s', and no such policy", [name])} if {
	some name, _ in data.cabincrew.settings
	not known(name)
}

deny contains {"id": "settings", "msg": sprintf("'%s' has no setting '%s'; it has %s", [name, key, concat(", ", sort(object.keys(defaults_of(name))))])} if {
	some name, own in data.cabincrew.settings
	some key in object.keys(own)
	key != "mode"
	not key in object.keys(defaults_of(name))
}

deny contains {"id": "settings", "msg": sprintf("the setting '%s' of '%s' is of type %s, not %s", [key, name, type_name(value), type_name(defaults_of(name)[key])])} if {
	some name, own in data.cabincrew.settings
	some key, value in own
	type_name(value) != type_name(defaults_of(name)[key])
}

deny contains {"id": "settings", "msg": sprintf("the mode of '%s' is '%v'; expected enforce, warn or off", [name, own.mode])} if {
	some name, own in data.cabincrew.settings
	not own.mode in modes
}

deny contains {"id": "settings", "msg": sprintf("'unmatched' is '%s'; expected require_approval, deny, warn or allow", [settings.unmatched])} if {
	not settings.unmatched in {"require_approval", "deny", "warn", "allow"}
}

known(name) if defaults_of(name)

defaults_of(name) := data.cabincrew.policies[name].defaults

defaults_of("preflight") := defaults
