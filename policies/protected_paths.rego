# METADATA
# title: Protected paths and owners
# description: |
#   Files whose harm is not seen in a diff at first glance need a person with the role `security`: files that hold credentials, that say what may happen and who
#   may approve it, and that tools and agents on other people's machines obey. Nothing writes into .git. And parts of the repository have owners, who say yes to
#   their changes.
# custom:
#   twins: [protected-files, governance, runs-on-checkout, git-internals]
#   settings:
#     role: Who says yes to protected files.
#     owners: Objects with patterns (globs), role and, where more than one is needed, count.
#     denied: Paths (globs) that no plan may touch.
package cabincrew.policies.protected_paths

import data.cabincrew.findings

defaults := {"role": "security", "owners": [], "denied": []}

settings := object.union(defaults, data.cabincrew.settings.protected_paths) if data.cabincrew.settings.protected_paths

else := defaults

deny contains findings.about("git-internals", "a plan never writes into .git as files", [path |
	some path, low in suspects
	regex.match(`(^|/)\.git(/|$)`, low)
])

deny contains findings.about("denied-paths", "no plan may touch these files", files) if {
	files := sort({change.path |
		some change in input.changes
		some pattern in settings.denied
		glob.match(pattern, ["/"], change.path)
	})
}

require_approval contains findings.needing("protected-files", "files that hold credentials, or say who gets in", settings.role, [path |
	some path, low in suspects
	regex.match(credentials, low)
	not regex.match(`(^|/)\.env\.(example|sample|template|dist)$`, low)
])

require_approval contains findings.needing("governance", "these files say what may happen and who may approve it", settings.role, [path |
	some path, low in suspects
	regex.match(governance, low)
])

require_approval contains findings.needing("runs-on-checkout", "tools and agents on other people's machines obey these files", settings.role, [path |
	some path, low in suspects
	regex.match(obeyed, low)
])

require_approval contains object.union(findings.needing("owners", sprintf("these files belong to %s", [owner.role]), owner.role, files), {"count": object.get(owner, "count", 1)}) if {
	some owner in settings.owners
	files := sort({change.path |
		some change in input.changes
		some pattern in owner.patterns
		glob.match(pattern, ["/"], change.path)
	})
}

deny contains {"id": "owners-settings", "msg": "an entry of 'owners' has no patterns and role that can be read, or something else beside them and count"} if {
	some owner in settings.owners
	not is_owner(owner)
}

is_owner(owner) if {
	object.keys(owner) - {"count"} == {"patterns", "role"}
	is_array(owner.patterns)
	count(owner.patterns) > 0
	is_string(owner.role)
	is_number(object.get(owner, "count", 1))
}

# Most paths are none of these: one look tells.
suspects := {change.path: low |
	some change in input.changes
	low := lower(change.path)
	regex.match(suspect, low)
}

suspect := concat("|", [`(^|/)\.git(/|$)`, credentials, governance, obeyed])

credentials := concat("|", [
	`(^|/)(\.env(\.[^/]*)?|id_(rsa|dsa|ecdsa|ed25519)|(credentials|secrets)(\.(json|yaml|yml|toml|ini|env))?|\.(netrc|pgpass|git-credentials|htpasswd)|authorized_keys)$`,
	`\.(env|pem|key|p12|pfx|jks|keystore|kdbx|ovpn|asc|tfstate|tfvars)$`,
	`(^|/)\.(aws|ssh|gnupg|kube|docker)/`,
])

governance := `(^|/)([^/]*\.)?cabincrew\.ya?ml$|(^|/)identities\.ya?ml$|\.rego$|(^|/)\.cabincrew/|^policies/`

obeyed := concat("|", [
	`(^|/)(\.pre-commit-config\.ya?ml|\.?lefthook\.(yml|yaml|toml)|\.(gitattributes|gitmodules|envrc|npmrc|yarnrc|pypirc|bazelrc|cursorrules|windsurfrules)|\.yarnrc\.yml|\.mcp\.json)$`,
	`(^|/)(nuget\.config|pip\.conf|(agents|claude|gemini|conventions|skill|copilot-instructions)\.md)$`,
	`^\.(husky|githooks|yarn|cargo|vscode|idea|devcontainer|cursor|claude|codex|gemini)/`,
])
