package cabincrew.llm_test

import data.cabincrew.llm

answer(name) := {"kind": "response", "exchange": {"texts": [], "tool_calls": [{"name": name, "arguments": {}}], "images": 0}}

prompt(text, images) := {"kind": "request", "exchange": {"texts": [{"role": "user", "text": text}], "tool_calls": [], "images": images}}

test_a_forbidden_tool if count(llm.deny) == 1 with input as answer("bash")

test_another_tool if count(llm.deny) == 0 with input as answer("search")

test_an_image if count(llm.warn) == 1 with input as prompt("look", 1)

test_a_short_prompt if count(llm.require_approval) == 0 with input as prompt("hello", 0)

test_a_long_prompt if count(llm.require_approval) == 1 with input as prompt(concat("", [x | some _ in numbers.range(1, 20001); x := "0123456789"]), 0)
