package cabincrew.findings_test

import data.cabincrew.findings

files(n) := [sprintf("%d.cs", [i]) | some i in numbers.range(1, n)]

test_messages_name_the_first_files if {
	findings.about("x", "why", files(3)).msg == "why: 1.cs, 2.cs, 3.cs"
	findings.about("x", "why", files(60)).msg == "why: 1.cs, 2.cs, 3.cs and 57 more"
}

test_evidence_is_cut_and_counted if {
	found := findings.about("x", "why", files(300))
	count(found.evidence.files) == 200
	found.evidence.files_matched == 300
}

test_about_no_file_there_is_nothing_to_say if {
	not findings.about("x", "why", [])
	not findings.needing("x", "why", "security", [])
	not findings.at_lines("x", "why", {})
}

test_lines_are_numbers if {
	found := findings.at_lines("x", "why", {"b.cs": numbers.range(1, 30), "a.cs": [7]})
	found.evidence.files == ["a.cs", "b.cs"]
	found.evidence.added_lines == {"a.cs": [7], "b.cs": numbers.range(1, 20)}
}
