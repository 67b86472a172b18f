package cabincrew.policies.file_kinds_test

import data.cabincrew.policies.file_kinds
import data.cabincrew.testing

plan(change) := testing.plan([change], {})

test_links_out_are_denied if {
	testing.ids(file_kinds.deny) == {"link-outside"} with input as plan(testing.link("a/b", "/etc/passwd", true))
	count(file_kinds.deny) == 0 with input as plan(testing.link("a/b", "../c", false))
}

test_new_executables_need_a_person if {
	testing.ids(file_kinds.require_approval) == {"becomes-executable"} with input as plan(testing.executable("run"))
	count(file_kinds.require_approval) == 0 with input as plan(testing.updated("run", []))
}

test_unreadable_executables_need_security if {
	change := object.union(testing.executable("bin/x"), {"binary": true, "becomes_executable": false})
	found := file_kinds.require_approval with input as plan(change)
	some finding in found
	finding.id == "binary-executable"
	finding.role == "security"
}

test_binary_content_is_a_warning if {
	testing.ids(file_kinds.warn) == {"binary"} with input as plan(testing.binary("logo.png"))
	count(file_kinds.warn) == 0 with input as plan(object.union(testing.deleted("logo.png"), {"binary": true}))
}
