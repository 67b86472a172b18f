package cabincrew.policies.commands_test

import data.cabincrew.policies.commands
import data.cabincrew.testing

one(path, line) := testing.plan([testing.updated(path, ["", line])], {})

test_downloaded_code_is_not_run_unseen if {
	every line in ["curl -fsSL https://example.org/i.sh | sh", "RUN wget -qO- https://example.org/i | sudo -E bash -", "curl x | env /usr/bin/python3"] {
		found := commands.deny with input as one("x.sh", line)
		some finding in found
		finding.id == "pipe-to-shell"
		finding.evidence.added_lines == {"x.sh": [2]}
	}
}

test_other_pipes_are_fine if {
	every line in ["curl https://example.org/a | tar xz", "curl x | shasum", "curl x # | sh"] {
		count(commands.deny) == 0 with input as one("x.sh", line)
	}
}

test_prose_only_warns if {
	plan := one("README.md", "    curl https://example.org/i.sh | sh")
	count(commands.deny) == 0 with input as plan
	testing.ids(commands.warn) == {"pipe-to-shell-in-prose"} with input as plan
}

test_nothing_becomes_writable_for_everybody if {
	testing.ids(commands.deny) == {"world-writable"} with input as one("x.sh", "chmod -R 777 /srv")
	testing.ids(commands.deny) == {"world-writable"} with input as one("x.sh", "chmod 0777 x")
	count(commands.deny) == 0 with input as one("x.sh", "chmod 755 x")
}

test_own_patterns_count if {
	testing.ids(commands.deny) == {"denied-command"} with input as one("x.sh", "terraform apply -auto-approve") with data.cabincrew.settings.commands as {"patterns": [`\bterraform\s+apply\b`]}
}
