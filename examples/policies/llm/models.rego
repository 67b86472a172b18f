# Judges what goes to language models and what comes back: `policies: [ { rego: examples/policies/llm } ]` in cabincrew-llm.yaml.
package cabincrew.llm

# Tools that a model may ask for; whoever runs them judges them once more (`cabincrew mcp`).
forbidden_tools := {"shell", "bash", "run_command"}

deny contains sprintf("the model asks for the tool %s", [call.name]) if {
	input.kind == "response"
	some call in input.exchange.tool_calls
	call.name in forbidden_tools
}

# Long documents cost money: a person says yes.
require_approval contains {"msg": sprintf("a prompt of %d characters", [size]), "role": "maintainer"} if {
	input.kind == "request"
	size := sum([count(said.text) | some said in input.exchange.texts])
	size > 200000
}

warn contains "an image is sent, which nobody has looked at" if {
	input.kind == "request"
	input.exchange.images > 0
}
