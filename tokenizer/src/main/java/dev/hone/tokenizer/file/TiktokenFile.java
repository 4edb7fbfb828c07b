package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A tiktoken file: a line for each token, its bytes in base64 and its rank, which is both its id and how early it is
 * merged. How text is cut and which tokens are special the file does not say; its {@link TiktokenFamily} does.
 */
final class TiktokenFile {
  private TiktokenFile() {}

  /** Whether the first line is a token and a rank. */
  static boolean isOne(byte[] file) {
    int i = 0;
    while (i < file.length && i < 1 << 12 && file[i] > ' ') {
      i++;
    }
    return i > 0 && i + 1 < file.length && file[i] == ' ' && file[i + 1] >= '0' && file[i + 1] <= '9';
  }

  static byte[] json(Path file, DirectorySettings settings) throws IOException {
    List<String> tokens = tokens(file);
    TiktokenFamily family =
        TiktokenFamily.of(file.getFileName().toString(), settings.family(), settings.modelType(), tokens.size());
    if (family == null) {
      throw new TokenizerException(file + ": a tiktoken file does not say how text is cut, and neither its name nor "
          + (settings.family().isEmpty() ? "the files beside it name a family"
          : "the family \"" + settings.family() + "\" is one") + " whose rules are known; save the tokenizer as tokenizer.json");
    }
    Set<Integer> special = new HashSet<>();
    Map<Integer, String> named = settings.addedTokens();
    named.forEach((id, token) -> place(tokens, id, token, special, file));
    // What the files beside it name goes before what the family usually has there.
    family.special().forEach((token, id) -> {
      if (!named.containsKey(id) && !named.containsValue(token)) {
        place(tokens, id, token, special, file);
      }
    });
    DefinitionWriter out = new DefinitionWriter();
    ByteRanks.write(out, tokens, special, family.pattern(), file);
    if (family.nfc()) {
      out.normalizers(List.of(DefinitionWriter.type("NFC")));
    }
    Set<String> added = settings.addTokens(out, tokens, Map.of());
    special.stream().sorted().filter(id -> !added.contains(tokens.get(id)))
        .forEach(id -> out.addSpecialToken(id, tokens.get(id)));
    String begin = settings.token("bos_token", family.begin());
    if (settings.flag("add_bos_token", family.begin() != null) && begin != null) {
      out.postProcessors(List.of(DefinitionWriter.template(begin + " $A", begin + " $A " + begin + ":1 $B:1",
          Map.of(begin, TokenizerFile.require(tokens, begin, file)))));
    } else {
      out.postProcessors(List.of(DefinitionWriter.byteLevel(true, false, true)));
    }
    return out.bytes();
  }

  private static void place(List<String> tokens, int id, String token, Set<Integer> special, Path file) {
    if (id < tokens.size() && token.equals(tokens.get(id))) {
      return; // a plain token that is also listed
    }
    TokenizerFile.place(tokens, id, token, file);
    special.add(id);
  }

  /** The tokens, each byte as its printable character. */
  private static List<String> tokens(Path file) throws IOException {
    List<String> tokens = new ArrayList<>();
    List<String> lines = TokenizerFile.lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isEmpty()) {
        continue;
      }
      try {
        int space = line.indexOf(' ');
        String token = ByteRanks.token(line.substring(0, space));
        if (token.isEmpty()) {
          throw new TokenizerException(file + ":" + (i + 1) + ": an empty token");
        }
        TokenizerFile.place(tokens, Integer.parseInt(line.substring(space + 1)), token, file);
      } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
        throw new TokenizerException(file + ":" + (i + 1) + ": not a token in base64, a space and a rank", e);
      }
    }
    return tokens;
  }
}
