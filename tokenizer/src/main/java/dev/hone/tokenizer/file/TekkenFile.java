package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Mistral's {@code tekken.json}: the words' regular expression and tokens with ranks, of which only as many count as the
 * vocabulary has room for. Special tokens come first, so that a token's id is its rank and their number.
 */
final class TekkenFile {
  /** The names in files of the versions up to 7, which do not list them. */
  private static final int MAX = 1 << 24; // tokens
  private static final List<String> UNLISTED = List.of("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]",
      "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]",
      "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]");
  private static final Set<String> UNLISTED_VERSIONS = Set.of("v1", "v2", "v3", "v7");

  private TekkenFile() {}

  static byte[] json(Path file, byte[] content, DirectorySettings settings) {
    Json root = Json.read(content, file.toString());
    Json config = root.object("config");
    int size = config.integer("default_vocab_size", 0, MAX);
    int specials = config.integer("default_num_special_tokens", 0, MAX);
    JsonNode ranks = root.array("vocab");
    if (specials < 0 || size <= specials || size - specials > ranks.size()) {
      throw new TokenizerException(file + ": a vocabulary of " + size + " tokens with " + specials + " special ones does not fit "
          + ranks.size() + " ranks");
    }
    List<String> tokens = special(root, config, specials, file);
    Set<String> names = new HashSet<>(tokens);
    for (int rank = 0; rank < size - specials; rank++) {
      Json entry = new Json(file + ": vocab[" + rank + "]", ranks.get(rank)).requireObject();
      if (entry.integer("rank", 0, MAX) != rank) {
        throw entry.wrong("rank", String.valueOf(rank), entry.node().get("rank"));
      }
      String token;
      try {
        token = ByteRanks.token(entry.string("token_bytes"));
      } catch (IllegalArgumentException e) {
        throw new TokenizerException(entry.where() + ": token_bytes is not base64", e);
      }
      if (token.isEmpty()) {
        throw new TokenizerException(entry.where() + ": an empty token");
      }
      if (names.contains(token)) {
        throw new TokenizerException(entry.where() + ": the bytes of \"" + token + "\" are also the name of a special token");
      }
      tokens.add(token);
    }
    Set<Integer> special = new HashSet<>();
    for (int id = 0; id < specials; id++) {
      special.add(id);
    }
    DefinitionWriter out = new DefinitionWriter();
    ByteRanks.write(out, tokens, special, config.string("pattern"), file);
    Set<String> added = settings.addTokens(out, tokens, Map.of());
    for (int id = 0; id < specials; id++) {
      if (!added.contains(tokens.get(id))) {
        out.addSpecialToken(id, tokens.get(id));
      }
    }
    String begin = settings.token("bos_token", "<s>");
    if (settings.flag("add_bos_token", true) && tokens.contains(begin)) {
      out.postProcessors(List.of(DefinitionWriter.template(begin + " $A", begin + " $A " + begin + ":1 $B:1",
          Map.of(begin, tokens.indexOf(begin)))));
    } else {
      out.postProcessors(List.of(DefinitionWriter.byteLevel(true, false, true)));
    }
    return out.bytes();
  }

  /** The special tokens by id; those without a name get one. */
  private static List<String> special(Json root, Json config, int count, Path file) {
    List<String> tokens = new ArrayList<>();
    if (root.has("special_tokens")) {
      root.list("special_tokens", token -> {
        TokenizerFile.place(tokens, token.integer("rank", 0, MAX), token.string("token_str"), file);
        return null;
      });
    } else if (UNLISTED_VERSIONS.contains(config.string("version"))) {
      tokens.addAll(UNLISTED);
    } else {
      throw new TokenizerException(file + ": version " + config.string("version") + " must list its special_tokens");
    }
    if (tokens.size() > count) {
      throw new TokenizerException(file + ": " + tokens.size() + " special tokens, default_num_special_tokens says " + count);
    }
    while (tokens.size() < count) {
      tokens.add(null);
    }
    for (int id = 0; id < count; id++) {
      if (tokens.get(id) == null) {
        tokens.set(id, "<SPECIAL_" + id + ">");
      }
    }
    return tokens;
  }
}
