// One exchange as it is kept for replay (docs/reference/llm-recordings.md): what was asked after redaction, and the answer as it was released, after redaction.
using CabinCrew.Gateways.Llm.Wire;

namespace CabinCrew.Gateways.Llm.Recordings;

/// <param name="Headers">Of the provider's, those that the caller got to see.</param>
internal sealed record Recording(RecordedRequest Request, int Status, IReadOnlyList<(string Name, string Value)> Headers, Carried Answer);
