package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.file.PieceMerges.Merge;
import dev.hone.tokenizer.text.ByteChars;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * Byte-level BPE of the kind of tiktoken: tokens are bytes with ranks, and what is a token may be merged, the lowest rank first.
 * Two forms of file hold it, {@link TiktokenFile} and {@link TekkenFile}.
 */
final class ByteRanks {
  private ByteRanks() {}

  /** A token's bytes in base64 as printable characters. */
  static String token(String base64) {
    byte[] bytes = Base64.getDecoder().decode(base64);
    StringBuilder token = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      token.append(ByteChars.of(b));
    }
    return token.toString();
  }

  /**
   * Writes the model, the words and the decoder.
   *
   * @param tokens by id; null where an id has none
   * @param special ids of tokens that are not bytes, but names of special tokens
   * @param pattern the regular expression of the words; null for GPT-2's stage
   */
  static void write(DefinitionWriter out, List<String> tokens, Set<Integer> special, String pattern, Path file) {
    Set<String> bytes = new HashSet<>(tokens);
    for (int b = 0; b < 256; b++) {
      if (!bytes.contains(String.valueOf(ByteChars.of(b)))) {
        throw new TokenizerException(file + ": there is no token for byte " + b);
      }
    }
    // Of the ways to make one token the one whose left part has the lower rank, as transformers has it.
    List<String> merges = PieceMerges.of(tokens, Comparator.comparing(Merge::token),
        id -> tokens.get(id) != null && !special.contains(id), file.toString());
    out.bpe(tokens, merges, null, null, false, false, true);
    List<ObjectNode> words = pattern == null ? List.of(DefinitionWriter.byteLevel(false, true, true))
        : List.of(DefinitionWriter.splitRegex(pattern), DefinitionWriter.byteLevel(false, true, false));
    out.preTokenizers(words);
    out.decoders(List.of(DefinitionWriter.byteLevel(true, true, true)));
  }
}
