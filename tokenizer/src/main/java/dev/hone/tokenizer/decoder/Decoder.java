package dev.hone.tokenizer.decoder;

import dev.hone.tokenizer.pretokenizer.Metaspace;
import dev.hone.tokenizer.regex.Search;
import dev.hone.tokenizer.text.ByteChars;
import java.util.ArrayList;
import java.util.List;

/** Turns the texts of tokens into pieces of text that only need to be joined. Immutable. */
public sealed interface Decoder permits Decoder.ByteLevel, Decoder.WordPiece, Decoder.OfMetaspace, ByteFallback,
    Decoder.Fuse, Decoder.Strip, Decoder.Replace, Decoder.Ctc, Decoder.Bpe, Decoder.Sequence {

  /** The pieces of text for the given tokens; their concatenation is the decoded text. */
  List<String> decode(List<String> tokens);

  /** The bytes that a token stands for alone, if that is what this decoder is about; else null. */
  default byte[] bytes(String token) {
    return null;
  }

  /** Characters back to bytes, bytes to text. */
  record ByteLevel() implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      return List.of(ByteChars.decode(tokens));
    }

    @Override
    public byte[] bytes(String token) {
      return ByteChars.bytes(token);
    }
  }

  /** Joins word pieces: what begins with the prefix continues a word, the rest starts a new one. */
  record WordPiece(String prefix, boolean cleanup) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      List<String> out = new ArrayList<>(tokens.size());
      for (int i = 0; i < tokens.size(); i++) {
        String token = tokens.get(i);
        if (i > 0) {
          token = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
        }
        out.add(cleanup ? Cleanup.apply(token) : token);
      }
      return out;
    }
  }

  /** Visible spaces back to spaces; those the pre-tokeniser put before the text vanish. */
  record OfMetaspace(int replacement, Metaspace.Prepend prepend) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      String visible = Character.toString(replacement);
      List<String> out = new ArrayList<>(tokens.size());
      for (int i = 0; i < tokens.size(); i++) {
        boolean drop = i == 0 && prepend != Metaspace.Prepend.NEVER;
        out.add(tokens.get(i).replace(visible, drop ? "" : " "));
      }
      return out;
    }
  }

  /** Joins all tokens to one. */
  record Fuse() implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      return List.of(String.join("", tokens));
    }
  }

  /** Drops up to so many of a character at the beginning and the end of each token. */
  record Strip(int character, int start, int stop) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      return tokens.stream().map(this::strip).toList();
    }

    private String strip(String token) {
      int[] c = token.codePoints().toArray();
      int from = 0;
      while (from < c.length && from < start && c[from] == character) {
        from++;
      }
      int to = c.length;
      while (to > 0 && c.length - to < stop && c[to - 1] == character) {
        to--;
      }
      return from < to ? new String(c, from, to - from) : "";
    }
  }

  /** Replaces whatever a search finds in a token by a fixed text. */
  record Replace(Search search, String content) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      return tokens.stream().map(this::replace).toList();
    }

    private String replace(String token) {
      char[] text = token.toCharArray();
      StringBuilder out = new StringBuilder();
      Search.Hits hits = search.in(text, 0, text.length);
      int done = 0;
      for (long hit; (hit = hits.next()) != Search.NONE; done = Search.end(hit)) {
        out.append(text, done, Search.start(hit) - done).append(content);
      }
      return out.append(text, done, text.length - done).toString();
    }
  }

  /** Connectionist temporal classification: repeats are one, padding is nothing. */
  record Ctc(String padToken, String wordDelimiter, boolean cleanup) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      List<String> out = new ArrayList<>();
      String last = null;
      for (String token : tokens) {
        if (token.equals(last)) {
          continue;
        }
        last = token;
        String text = token.replace(padToken, "");
        if (cleanup) {
          text = Cleanup.apply(text).replace(wordDelimiter, " ");
        }
        if (!text.isEmpty()) {
          out.add(text);
        }
      }
      return out;
    }
  }

  /** The suffix that ends words becomes a space, except at the very end. */
  record Bpe(String suffix) implements Decoder {
    @Override
    public List<String> decode(List<String> tokens) {
      List<String> out = new ArrayList<>(tokens.size());
      for (int i = 0; i < tokens.size(); i++) {
        out.add(tokens.get(i).replace(suffix, i + 1 < tokens.size() ? " " : ""));
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
      for (Decoder step : steps) {
        now = step.decode(now);
      }
      return now;
    }

    @Override
    public byte[] bytes(String token) {
      for (Decoder step : steps) {
        byte[] bytes = step.bytes(token);
        if (bytes != null) {
          return bytes;
        }
      }
      return null;
    }
  }
}
