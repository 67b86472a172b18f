// What a gateway has that records its exchanges, or answers from recorded ones: opened before anything is served.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Governance.Detection;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

internal sealed class RecordingParts
{
    private readonly RecordedRequests requests;
    private readonly ReplayTurns turns = new();

    private RecordingParts(RecordedRequests requests) => this.requests = requests;

    /// <summary>Null: nothing is recorded.</summary>
    public ExchangeRecorder? Recorder { get; private init; }

    private RecordingBook? Book { get; init; }

    /// <param name="key">For the placeholders of what is cut out.</param>
    public static Outcome<RecordingParts> Open(RecordingMode? mode, Redactor redactor, byte[] key)
    {
        var secrets = TextDetection.OfSecrets(redactor);
        var requests = new RecordedRequests(new TextScan(secrets, secrets, new CommandScan(CommandSettings.Standard), key));
        return mode switch
        {
            null => new RecordingParts(requests),
            { Replays: true } => RecordingBook.Open(mode.Directory).Map(book => new RecordingParts(requests) { Book = book }),
            _ => ExchangeRecorder.Open(mode.Directory, requests).Map(recorder => new RecordingParts(requests) { Recorder = recorder }),
        };
    }

    /// <summary>Null: the provider itself is asked.</summary>
    public IProvider? InPlaceOf(ProviderDefinition provider, int answerBytesMax) => Book is null ? null : new ReplayProvider(provider, Book, requests, answerBytesMax, turns);
}
