# METADATA
# title: Secrets
# description: |
#   Keeps credentials out of the repository: private keys, tokens of known services, and values that read like secrets in environment files, all in lines that
#   the plan adds; and the same tokens in what engines hand over.
# custom:
#   twins: [private-key, credential, credential-in-artifact, secret-in-env-file]
#   settings:
#     allowed_paths: Paths (glob patterns) whose lines are not looked at, such as test/fixtures/**.
#     patterns: Regular expressions of further tokens, such as those of your own services.
package cabincrew.policies.secrets

import data.cabincrew.findings

defaults := {"allowed_paths": [], "patterns": []}

settings := object.union(defaults, data.cabincrew.settings.secrets) if data.cabincrew.settings.secrets

else := defaults

private_key := `-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----`

token := `\b((AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,}|glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{20,}|[rs]k_live_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{36}|AIza[0-9A-Za-z_-]{35})`

token_in_artifact := `\b((AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|glpat-[A-Za-z0-9_-]{20,})|-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----`

like_token := `(AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20}|PRIVATE KEY`

assignment := `(?i)(secret|token|passw(or)?d|api_?key|private_?key|credential)[a-z0-9_]*\s*[=:]\s*[^\s$<{][^\s]{7,}`

deny contains findings.at_lines("private-key", "a private key must not enter a repository", lines) if {
	lines := matches(private_key)
}

deny contains findings.at_lines("credential", "this looks like a live credential of a known service", lines) if {
	lines := matches(token)
}

deny contains findings.at_lines("credential-of-ours", "this looks like a credential of a service of ours", lines) if {
	some pattern in settings.patterns
	lines := {path: numbers |
		some change in input.changes
		not allowed(change.path)
		path := change.path
		numbers := [line.number | some line in change.added_lines; regex.match(pattern, line.text)]
		count(numbers) > 0
	}
}

deny contains findings.at_lines("secret-in-env-file", "a value that reads like a secret enters an environment file", lines) if {
	lines := {path: numbers |
		some change in input.changes
		environment_file(lower(change.name))
		not allowed(change.path)
		path := change.path
		numbers := [line.number | some line in change.added_lines; regex.match(assignment, line.text)]
		count(numbers) > 0
	}
}

deny contains {"id": "credential-in-artifact", "msg": "an artifact holds what looks like a live credential", "evidence": {"artifacts": sort(names)}} if {
	names := {artifact.name |
		some artifact in input.artifacts
		not artifact.type in {"code_diff", "git_diff", "file_patch", "git_bundle"}
		holds_token(artifact)
	}
	count(names) > 0
}

require_approval contains {"id": "artifact-unread", "msg": "an artifact is too large to be searched for credentials", "evidence": {"artifacts": names}} if {
	names := [artifact.name | some artifact in input.artifacts; artifact.body.kind == "large"]
	count(names) > 0
}

matches(pattern) := {path: numbers |
	some path, lines in suspects
	numbers := [line.number | some line in lines; regex.match(pattern, line.text)]
	count(numbers) > 0
}

# Most lines are nothing of this: one look tells.
suspects := {path: lines |
	some change in input.changes
	lines := [line | some line in change.added_lines; regex.match(suspect, line.text)]
	count(lines) > 0
	not allowed(change.path)
	path := change.path
}

suspect := concat("|", [private_key, token])

allowed(path) if {
	some pattern in settings.allowed_paths
	glob.match(pattern, ["/"], path)
}

environment_file(name) if {
	contains(name, ".env")
	regex.match(`^\.env$|^\.env\.|\.env$`, name)
	not name in {".env.example", ".env.sample", ".env.template", ".env.dist"}
}

holds_token(artifact) if is_token(artifact.body.text)

# One look at the whole, then each word of it: in one piece a word may run into the escape before it.
holds_token(artifact) if {
	told := [artifact.target, artifact.metadata]
	regex.match(like_token, json.marshal(told))
	some text in words(told)
	is_token(text)
}

is_token(text) if {
	is_string(text)
	regex.match(token_in_artifact, text)
}

words(value) := {text | walk(value, [_, text]); is_string(text)} | {text | walk(value, [path, _]); some text in path; is_string(text)}
