# How policies say what they find, so that all say it alike: the message names the first files, and the evidence holds no more of them than people read.
package cabincrew.findings

files_shown_max := 200

# About files: nothing, where there are none.
about(id, msg, files) := {"id": id, "msg": told(msg, files), "evidence": {"files": array.slice(files, 0, files_shown_max), "files_matched": count(files)}} if count(files) > 0

# The same, and who must say yes.
needing(id, msg, role, files) := object.union(about(id, msg, files), {"role": role})

# About lines, an object of paths with their numbers; never their text: what matches may be the very thing that must not be copied about.
at_lines(id, msg, lines) := object.union(about(id, msg, files), {"evidence": {"added_lines": {path: array.slice(numbers, 0, 20) | some path in array.slice(files, 0, 50); numbers := lines[path]}}}) if {
	files := sort(object.keys(lines))
}

told(msg, names) := concat("", [msg, ": ", concat(", ", array.slice(names, 0, 3)), more(count(names))])

more(n) := sprintf(" and %d more", [n - 3]) if n > 3

else := ""
