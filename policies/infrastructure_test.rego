package cabincrew.policies.infrastructure_test

import data.cabincrew.policies.infrastructure
import data.cabincrew.testing

one(path) := testing.plan([testing.updated(path, [])], {})

test_what_machines_are_built_from_needs_an_operator if {
	every path in ["main.tf", "env/prod/main.tf", "Dockerfile", "web/Dockerfile", "k8s/app.yaml", "charts/web/values.yaml", "db/migrations/001.sql", "deploy/run.sh"] {
		found := infrastructure.require_approval with input as one(path)
		found == {{"id": "infrastructure", "msg": concat(": ", ["machines are built from these files", path]), "role": "operator", "evidence": {"files": [path], "files_matched": 1}}}
	}
}

test_ordinary_code_is_fine if {
	every path in ["src/main.cs", "docs/terraform.md", "src/Dockerfiles.cs"] {
		count(infrastructure.require_approval) == 0 with input as one(path)
	}
}

test_what_counts_is_a_setting if {
	count(infrastructure.require_approval) == 1 with input as one("router/a.conf") with data.cabincrew.settings.infrastructure as {"more": ["router/**"]}
	count(infrastructure.require_approval) == 0 with input as one("main.tf") with data.cabincrew.settings.infrastructure as {"extensions": []}
	count(infrastructure.require_approval) == 0 with input as one("db/migrations/001.sql") with data.cabincrew.settings.infrastructure as {"directories": []}
}
