package dev.hone.tokenizer.file;

import dev.hone.tokenizer.TokenizerException;
import dev.hone.tokenizer.file.PieceMerges.Merge;
import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.text.ByteChars;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A tiktoken file: a line for each token, its bytes in base64 and its rank, which is both its id and how early it is
 * merged. The file does not say how text is cut; its name does, and Llama 3's way is the usual one.
 */
final class TiktokenFile {
  private static final Map<String, Map<String, Integer>> SPECIAL = Map.of(
      "cl100k", Map.of("<|endoftext|>", 100257, "<|fim_prefix|>", 100258, "<|fim_middle|>", 100259, "<|fim_suffix|>", 100260,
          "<|endofprompt|>", 100276),
      "o200k", Map.of("<|endoftext|>", 199999, "<|endofprompt|>", 200018),
      "gpt2", Map.of("<|endoftext|>", 50256), "r50k", Map.of("<|endoftext|>", 50256), "p50k", Map.of("<|endoftext|>", 50256));

  private TiktokenFile() {}

  /** Whether the first line is a token and a rank. */
  static boolean isOne(byte[] file) {
    int i = 0;
    while (i < file.length && i < 1 << 12 && file[i] > ' ') i++;
    return i > 0 && i + 1 < file.length && file[i] == ' ' && file[i + 1] >= '0' && file[i + 1] <= '9';
  }

  static byte[] json(Path file, byte[] content, DirectorySettings settings) throws IOException {
    List<String> tokens = tokens(file);
    for (int b = 0; b < 256; b++) {
      if (tokens.contains(String.valueOf(ByteChars.of(b)))) continue;
      throw new TokenizerException(file + ": there is no token for byte " + b);
    }
    // Of the ways to make one token the one whose left part has the lower rank, as transformers has it.
    List<String> merges = PieceMerges.of(tokens, Comparator.comparing(Merge::token), id -> tokens.get(id) != null,
        file.toString());
    DefinitionWriter out = new DefinitionWriter();
    out.bpe(tokens, merges, null, null, false, false, true);
    String name = file.getFileName().toString();
    SPECIAL.forEach((start, special) -> {
      if (name.startsWith(start)) {
        special.entrySet().stream().sorted(Map.Entry.comparingByValue())
            .forEach(e -> out.addSpecialToken(e.getValue(), e.getKey()));
      }
    });
    settings.addTokens(out, tokens, Map.of());
    out.preTokenizers(name.matches("(gpt2|r50k|p50k).*") ? List.of(DefinitionWriter.byteLevel(false, true, true))
        : List.of(DefinitionWriter.splitRegex(pattern(name)), DefinitionWriter.byteLevel(false, true, false)));
    out.postProcessors(List.of(DefinitionWriter.byteLevel(true, false, true)));
    out.decoders(List.of(DefinitionWriter.byteLevel(true, true, true)));
    return out.bytes();
  }

  private static String pattern(String name) {
    if (name.startsWith("o200k")) return Scanner.Known.GPT4O;
    return name.startsWith("qwen") ? Scanner.Known.QWEN : Scanner.Known.LLAMA3;
  }

  /** The tokens, each byte as its printable character. */
  private static List<String> tokens(Path file) throws IOException {
    List<String> tokens = new ArrayList<>();
    List<String> lines = TokenizerFile.lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isEmpty()) continue;
      try {
        int space = line.indexOf(' ');
        byte[] bytes = Base64.getDecoder().decode(line.substring(0, space));
        StringBuilder token = new StringBuilder(bytes.length);
        for (byte b : bytes) token.append(ByteChars.of(b));
        if (bytes.length == 0) throw new TokenizerException(file + ":" + (i + 1) + ": an empty token");
        TokenizerFile.place(tokens, Integer.parseInt(line.substring(space + 1)), token.toString(), file);
      } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
        throw new TokenizerException(file + ":" + (i + 1) + ": not a token in base64, a space and a rank", e);
      }
    }
    return tokens;
  }
}
