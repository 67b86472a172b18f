package cabincrew.policies.secrets_test

import data.cabincrew.policies.secrets
import data.cabincrew.testing

one(path, line) := testing.plan([testing.updated(path, ["first", line])], {})

# Put together here, so that no tool that looks for credentials finds one in this file.
key := concat("", ["-----BEGIN RSA ", "PRIVATE KEY-----"])

token := concat("", ["ghp_", "0123456789abcdefghijABCDEFGHIJ012345"])

test_private_keys_are_denied_with_their_lines if {
	found := secrets.deny with input as one("deploy/x.pem", key)
	some finding in found
	finding.id == "private-key"
	finding.evidence.added_lines == {"deploy/x.pem": [2]}
}

test_certificates_are_fine if {
	count(secrets.deny) == 0 with input as one("a.pem", "-----BEGIN CERTIFICATE-----")
}

test_deleted_keys_are_fine if {
	change := object.union(testing.deleted("a.pem"), {"deleted_lines": [{"number": 1, "text": key}]})
	count(secrets.deny) == 0 with input as testing.plan([change], {})
}

test_tokens_are_denied if {
	testing.ids(secrets.deny) == {"credential"} with input as one("a.py", concat("=", ["t", token]))
	testing.ids(secrets.deny) == {"credential"} with input as one("a.py", concat("", ["key = 'AKIA", "IOSFODNN7EXAMPLQ'"]))
}

test_what_only_looks_alike_is_fine if {
	count(secrets.deny) == 0 with input as one("a.py", "task-AKIA ghp_short xox-men")
}

test_evidence_never_holds_the_text if {
	not contains(json.marshal(secrets.deny), token) with input as one("a.py", token)
}

test_values_in_environment_files_are_denied if {
	"secret-in-env-file" in testing.ids(secrets.deny) with input as one("app/.env", "DB_PASSWORD=correct-horse-battery")
	"secret-in-env-file" in testing.ids(secrets.deny) with input as one("prod.ENV", "api_key: correct-horse-battery")
}

test_references_and_examples_in_environment_files_are_fine if {
	count(secrets.deny) == 0 with input as one(".env", "DB_PASSWORD=$FROM_VAULT")
	count(secrets.deny) == 0 with input as one(".env", "PORT=8080")
	count(secrets.deny) == 0 with input as one(".env.example", "API_KEY=changeme-please")
	count(secrets.deny) == 0 with input as one("src/env.ts", "password = 'correct-horse-battery'")
}

test_artifacts_are_searched if {
	report := testing.artifact("report", "report", {"found": token})
	testing.ids(secrets.deny) == {"credential-in-artifact"} with input as testing.plan([], {"artifacts": [report]})
}

test_metadata_is_searched if {
	report := object.union(testing.artifact("report", "report", {}), {"metadata": {"a": [{"b": token}]}})
	testing.ids(secrets.deny) == {"credential-in-artifact"} with input as testing.plan([], {"artifacts": [report]})
}

test_patches_are_looked_at_by_line_only if {
	patch := testing.artifact("patch", "file_patch", {"text": token})
	count(secrets.deny) == 0 with input as testing.plan([], {"artifacts": [patch]})
}

test_words_of_artifacts_are_looked_at_one_by_one if {
	report := object.union(testing.artifact("report", "report", {}), {"metadata": {"note": concat("\n", ["see", token])}})
	testing.ids(secrets.deny) == {"credential-in-artifact"} with input as testing.plan([], {"artifacts": [report]})
}

test_large_artifacts_need_a_person if {
	large := object.union(testing.artifact("a", "report", {}), {"body": {"kind": "large", "text": null, "json": null}})
	testing.ids(secrets.require_approval) == {"artifact-unread"} with input as testing.plan([], {"artifacts": [large]})
}

test_paths_may_be_allowed if {
	settings := {"allowed_paths": ["test/fixtures/**"]}
	count(secrets.deny) == 0 with input as one("test/fixtures/a/b.pem", key) with data.cabincrew.settings.secrets as settings
	count(secrets.deny) == 1 with input as one("src/b.pem", key) with data.cabincrew.settings.secrets as settings
}

test_own_patterns_count if {
	testing.ids(secrets.deny) == {"credential-of-ours"} with input as one("a.py", "acme_live_0123456789") with data.cabincrew.settings.secrets as {"patterns": [`acme_live_[0-9]{10}`]}
}
