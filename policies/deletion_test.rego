package cabincrew.policies.deletion_test

import data.cabincrew.policies.deletion
import data.cabincrew.testing

deleted(n) := testing.plan([testing.deleted(sprintf("a/%d.txt", [i])) | some i in numbers.range(1, n)], {})

test_many_files_need_a_person if {
	testing.ids(deletion.require_approval) == {"mass-deletion"} with input as deleted(20)
}

test_a_few_are_fine if {
	count(deletion.require_approval) == 0 with input as deleted(19)
}

test_many_lines_need_a_person if {
	plan := testing.plan([], {"totals": object.union(testing.totals([]), {"lines_deleted": 2000})})
	testing.ids(deletion.require_approval) == {"many-lines-deleted"} with input as plan
}

test_bounds_are_settings if {
	count(deletion.require_approval) == 0 with input as deleted(20) with data.cabincrew.settings.deletion as {"files_min": 21}
	testing.ids(deletion.deny) == {"too-many-deleted"} with input as deleted(20) with data.cabincrew.settings.deletion as {"files_denied_min": 20}
	count(deletion.deny) == 0 with input as deleted(20)
}
