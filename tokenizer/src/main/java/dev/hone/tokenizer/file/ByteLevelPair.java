package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.text.ByteChars;
import dev.hone.tokenizer.text.Excerpt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** {@code vocab.json} and {@code merges.txt}: byte-level BPE as GPT-2, RoBERTa, BART and Qwen 2 came with. */
final class ByteLevelPair {
  private static final JsonMapper JSON = new JsonMapper();

  private static final System.Logger LOG = System.getLogger("dev.hone.tokenizer");

  private ByteLevelPair() {}

  static byte[] json(Path directory) throws IOException {
    Path file = directory.resolve("vocab.json");
    List<String> tokens = vocabulary(file);
    DirectorySettings settings = new DirectorySettings(directory);
    DefinitionWriter out = new DefinitionWriter();
    out.bpe(tokens, merges(directory.resolve("merges.txt")), null, null, false, false, false);
    String family = settings.family();
    if (family.isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, directory
          + ": vocab.json and merges.txt do not say how text is cut; it is cut as GPT-2 "
          + "does. If they are another model's, put its tokenizer_config.json or config.json beside them");
    }
    boolean prefix = settings.flag("add_prefix_space", false);
    if (family.contains("roberta") || family.equals("bart")) {
      settings.addTokens(out, tokens, Map.of("bos_token", "<s>", "eos_token", "</s>", "unk_token", "<unk>", "pad_token", "<pad>",
          "mask_token", "<mask>"));
      String cls = settings.token("cls_token", "<s>");
      String sep = settings.token("sep_token", "</s>");
      out.preTokenizers(List.of(DefinitionWriter.byteLevel(prefix, true, true)));
      out.postProcessors(List.of(DefinitionWriter.roberta(cls, TokenizerFile.require(tokens, cls, file), sep,
          TokenizerFile.require(tokens, sep, file), prefix)));
    } else {
      settings.addTokens(out, tokens, Map.of("eos_token", "<|endoftext|>"));
      if (family.startsWith("qwen")) {
        out.normalizers(List.of(DefinitionWriter.type("NFC")));
        out.preTokenizers(List.of(DefinitionWriter.splitRegex(Scanner.Known.QWEN),
            DefinitionWriter.byteLevel(false, false, false)));
      } else {
        out.preTokenizers(List.of(DefinitionWriter.byteLevel(prefix, true, true)));
      }
      String bos = settings.token("bos_token", "<|endoftext|>");
      if (settings.flag("add_bos_token", false)) {
        int id = TokenizerFile.require(tokens, bos, file);
        out.postProcessors(List.of(DefinitionWriter.template(bos + " $A", bos + " $A " + bos + ":1 $B:1", Map.of(bos, id))));
      } else {
        out.postProcessors(List.of(DefinitionWriter.byteLevel(true, false, true)));
      }
    }
    out.decoders(List.of(DefinitionWriter.byteLevel(true, true, true)));
    return out.bytes();
  }

  private static List<String> vocabulary(Path file) throws IOException {
    List<String> tokens = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(TokenizerFile.bytes(file))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new TokenizerException(file + ": an object of tokens and ids was expected");
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String token = parser.currentName();
        if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
          throw new TokenizerException(file + ": the id of \"" + Excerpt.of(token) + "\" is no integer");
        }
        TokenizerFile.place(tokens, parser.getIntValue(), token, file);
      }
    } catch (JacksonException e) {
      throw new TokenizerException(file + ": not readable: " + e.getOriginalMessage(), e);
    }
    Set<String> all = new HashSet<>(tokens);
    for (int b = 0; b < 256; b++) {
      if (!all.contains(String.valueOf(ByteChars.of(b)))) {
        throw unknownKind(file, "it has no token for byte " + b);
      }
    }
    if (all.stream().anyMatch(token -> token != null && token.endsWith("</w>"))) {
      throw unknownKind(file, "its tokens end with </w>");
    }
    return tokens;
  }

  private static TokenizerException unknownKind(Path file, String why) {
    return new TokenizerException(file + ": not a byte-level vocabulary (" + why + "), and how such text is cut the files do not "
        + "say; save the tokenizer as tokenizer.json");
  }

  private static List<String> merges(Path file) throws IOException {
    List<String> lines = TokenizerFile.lines(file);
    List<String> merges = new ArrayList<>(2 * lines.size());
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isEmpty() || line.startsWith("#version")) {
        continue;
      }
      int space = line.indexOf(' ');
      if (space < 1 || space == line.length() - 1 || line.indexOf(' ', space + 1) >= 0) {
        throw new TokenizerException(file + ":" + (i + 1) + ": \"" + Excerpt.of(line)
            + "\" is not two tokens with a space between");
      }
      merges.add(line.substring(0, space));
      merges.add(line.substring(space + 1));
    }
    return merges;
  }
}
