package cabincrew.policies.size_test

import data.cabincrew.policies.size
import data.cabincrew.testing

totals(over) := testing.plan([], {"totals": object.union(testing.totals([]), over)})

test_ordinary_plans_are_fine if {
	count(size.require_approval) == 0 with input as totals({"files_changed": 100, "lines_added": 4000, "lines_deleted": 1000})
	count(size.deny) == 0 with input as totals({"files_changed": 2000, "lines_added": 200000})
}

test_many_files_need_a_person if {
	testing.ids(size.require_approval) == {"many-files"} with input as totals({"files_changed": 101})
}

test_many_lines_need_a_person if {
	testing.ids(size.require_approval) == {"many-lines"} with input as totals({"lines_added": 3000, "lines_deleted": 2001})
}

test_far_too_much_is_denied if {
	"too-many-files" in testing.ids(size.deny) with input as totals({"files_changed": 2001})
	"too-many-lines" in testing.ids(size.deny) with input as totals({"lines_deleted": 200001})
}

test_reaching_into_many_parts_needs_a_person if {
	plan := testing.plan([testing.updated(sprintf("part%d/a/b.txt", [i]), []) | some i in numbers.range(1, 9)], {})
	testing.ids(size.require_approval) == {"many-parts"} with input as plan
	count(size.require_approval) == 0 with input as plan with data.cabincrew.settings.size as {"parts_max": 9}
}

test_files_at_the_top_are_no_part if {
	plan := testing.plan([testing.updated(sprintf("%d.txt", [i]), []) | some i in numbers.range(1, 9)], {})
	count(size.require_approval) == 0 with input as plan
}
