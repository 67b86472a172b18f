package cabincrew.policies.protected_paths_test

import data.cabincrew.policies.protected_paths
import data.cabincrew.testing

one(path) := testing.plan([testing.updated(path, [])], {})

test_files_with_credentials_need_security if {
	every path in [".env", "app/.env.production", "prod.env", "deploy/server.KEY", "certs/ca.pem", "home/.ssh/config", "id_ed25519", "infra/prod.tfvars", "a/secrets.yml", "credentials", ".npm/.netrc"] {
		found := protected_paths.require_approval with input as one(path)
		some finding in found
		finding.id == "protected-files"
		finding.role == "security"
		finding.evidence.files == [path]
	}
}

test_their_like_is_fine if {
	every path in ["src/env.ts", ".env.example", "docs/keys.md", "src/monkey.cs", "secretsauce.md", ".ssh-notes"] {
		count(protected_paths.require_approval) == 0 with input as one(path)
	}
}

test_files_that_govern_need_security if {
	every path in ["cabincrew.yaml", "deploy.cabincrew.yml", "policies/freeze.txt", ".cabincrew/identities.yaml", "sub/.cabincrew/x", "identities.yml", "deploy/x.rego"] {
		"governance" in testing.ids(protected_paths.require_approval) with input as one(path)
	}
	count(protected_paths.require_approval) == 0 with input as one("src/policies.cs")
}

test_files_that_tools_obey_need_security if {
	every path in [".husky/pre-commit", "sub/.gitattributes", ".vscode/tasks.json", "CLAUDE.md", "sub/AGENTS.md", "NuGet.Config", ".mcp.json", ".claude/settings.json"] {
		"runs-on-checkout" in testing.ids(protected_paths.require_approval) with input as one(path)
	}
	count(protected_paths.require_approval) == 0 with input as one("src/hooks.ts")
}

test_nothing_writes_into_git if {
	every path in [".git/hooks/pre-commit", "sub/.git/config", "sub/.GIT/config", "sub/.git"] {
		testing.ids(protected_paths.deny) == {"git-internals"} with input as one(path)
	}
	count(protected_paths.deny) == 0 with input as one(".gitignore")
}

test_owners_say_yes if {
	settings := {"owners": [{"patterns": ["db/**", "{,**/}*.sql"], "role": "database", "count": 2}, {"patterns": ["web/**"], "role": "frontend"}]}
	found := protected_paths.require_approval with input as one("db/migrations/001.sql") with data.cabincrew.settings.protected_paths as settings
	found == {{"id": "owners", "msg": "these files belong to database: db/migrations/001.sql", "role": "database", "count": 2, "evidence": {"files": ["db/migrations/001.sql"], "files_matched": 1}}}
	count(protected_paths.require_approval) == 1 with input as one("web/a.ts") with data.cabincrew.settings.protected_paths as settings
	count(protected_paths.require_approval) == 0 with input as one("src/a.ts") with data.cabincrew.settings.protected_paths as settings
}

test_owners_that_cannot_be_read_deny if {
	every owner in [{"pattern": ["db/**"], "role": "database"}, {"patterns": "db/**", "role": "database"}, {"patterns": ["db/**"]}, {"patterns": [], "role": "x"}, {"patterns": ["a"], "role": "x", "count": "2"}] {
		testing.ids(protected_paths.deny) == {"owners-settings"} with input as one("src/a.ts") with data.cabincrew.settings.protected_paths as {"owners": [owner]}
	}
}

test_paths_may_be_denied if {
	testing.ids(protected_paths.deny) == {"denied-paths"} with input as one("legal/terms.md") with data.cabincrew.settings.protected_paths as {"denied": ["legal/**"]}
	count(protected_paths.deny) == 0 with input as one("src/terms.md") with data.cabincrew.settings.protected_paths as {"denied": ["legal/**"]}
}

test_the_role_is_a_setting if {
	found := protected_paths.require_approval with input as one(".env") with data.cabincrew.settings.protected_paths as {"role": "appsec"}
	some finding in found
	finding.role == "appsec"
}
