package dev.hone.tokenizer.decoder;

import java.util.ArrayList;
import java.util.List;

/** Turns the texts of tokens into pieces of text that only need to be joined. Immutable. */
public sealed interface Decoder permits Decoder.WordPiece, Decoder.Sequence {

  /** The pieces of text for the given tokens; their concatenation is the decoded text. */
  List<String> decode(List<String> tokens);

  /** Joins word pieces: what begins with the prefix continues a word, the rest starts a new one. */
  record WordPiece(String prefix, boolean cleanup) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      List<String> out = new ArrayList<>(tokens.size());
      for (int i = 0; i < tokens.size(); i++) {
        String token = tokens.get(i);
        if (i > 0) token = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
        out.add(cleanup ? Cleanup.apply(token) : token);
      }
      return out;
    }
  }

  /** Several decoders, one after the other. */
  record Sequence(List<Decoder> steps) implements Decoder {
    /** Keeps a copy of the list. */
    public Sequence {
      steps = List.copyOf(steps);
    }

    @Override
    public List<String> decode(List<String> tokens) {
      List<String> now = tokens;
      for (Decoder step : steps) now = step.decode(now);
      return now;
    }
  }
}
