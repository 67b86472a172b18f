package cabincrew.policies.pipelines_test

import data.cabincrew.policies.pipelines
import data.cabincrew.testing

one(path) := testing.plan([testing.updated(path, [])], {})

test_pipelines_need_security if {
	every path in [".github/workflows/ci.yml", ".gitlab-ci.yml", "sub/Jenkinsfile", "Jenkinsfile.release", "a.jenkinsfile", ".circleci/config.yml", ".ci/run", "CODEOWNERS", "sub/action.yaml"] {
		found := pipelines.require_approval with input as one(path)
		some finding in found
		finding == {"id": "ci-definitions", "msg": concat(": ", ["pipelines run with the project's own credentials", path]), "role": "security", "evidence": {"files": [path], "files_matched": 1}}
	}
}

test_their_like_is_fine if {
	every path in ["src/github/workflows.cs", "docs/ci.md", "sub/.github/x", "transaction.yaml"] {
		count(pipelines.require_approval) == 0 with input as one(path)
	}
}

test_own_pipelines_count if {
	settings := {"more": ["release/**"], "role": "releases"}
	found := pipelines.require_approval with input as one("release/steps/1.sh") with data.cabincrew.settings.pipelines as settings
	some finding in found
	finding.role == "releases"
}
