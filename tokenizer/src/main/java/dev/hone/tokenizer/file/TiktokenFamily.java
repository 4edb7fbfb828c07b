package dev.hone.tokenizer.file;

import dev.hone.tokenizer.regex.Scanner;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a tiktoken file leaves to the code that came with the model.
 *
 * @param pattern the regular expression of the words; null for GPT-2's stage
 * @param nfc whether text is composed first
 * @param special the special tokens and their ids
 * @param begin the token before every text, or null
 */
record TiktokenFamily(String pattern, boolean nfc, Map<String, Integer> special, String begin) {
  /** GPT-4's words; white space at the end of a text is one, also behind a line feed. */
  private static final String CL100K = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+"
      + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++\\z|\\s*[\\r\\n]|\\s+(?!\\S)|\\s";

  private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
  private static final String CAPITALS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]";
  private static final String SMALL = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]";
  /** Kimi's words: GPT-4o's, but a run of Chinese characters is a word of its own. */
  private static final String KIMI = "[\\p{Han}]+|[^\\r\\n\\p{L}\\p{N}]?" + CAPITALS + "*" + SMALL + "+" + CONTRACTION
      + "|[^\\r\\n\\p{L}\\p{N}]?" + CAPITALS + "+" + SMALL + "*" + CONTRACTION
      + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final int LLAMA3_TOKENS = 128_000;
  private static final int LLAMA4_TOKENS = 200_000;

  /**
   * The family of a file.
   *
   * @param name the file's name
   * @param family the tokenizer's class or the model's type, as {@link DirectorySettings#family} gives it
   * @param model the model's type, likewise
   * @param count how many tokens the file has
   * @return null if nothing tells
   */
  static TiktokenFamily of(String name, String family, String model, int count) {
    if (name.startsWith("cl100k")) {
      return gpt(CL100K, Map.of("<|endoftext|>", 100257, "<|fim_prefix|>", 100258,
          "<|fim_middle|>", 100259, "<|fim_suffix|>", 100260, "<|endofprompt|>", 100276));
    }
    if (name.startsWith("o200k")) {
      return gpt(Scanner.Known.GPT4O, Map.of("<|endoftext|>", 199999, "<|endofprompt|>", 200018));
    }
    if (name.matches("(gpt2|r50k|p50k).*")) {
      return gpt(null, Map.of("<|endoftext|>", 50256));
    }
    if (name.startsWith("qwen") || family.equals("qwen")) {
      return new TiktokenFamily(Scanner.Known.QWEN, true, qwen(count), null);
    }
    if (name.startsWith("arcade100k") || family.equals("arcade100k")) {
      return new TiktokenFamily(Scanner.Known.QWEN, true, stableLm2(), null);
    }
    if (Stream.of(family, model).anyMatch(s -> s.startsWith("kimi") || s.startsWith("moonshot"))
        || family.equals("tiktoken") || name.equals("tiktoken.model") && !family.contains("llama")) {
      return new TiktokenFamily(KIMI, false, Map.of(), null);
    }
    boolean llama = family.contains("llama") || model.contains("llama");
    if (family.startsWith("llama4") || model.startsWith("llama4") || count == LLAMA4_TOKENS && (llama || family.isEmpty())) {
      return new TiktokenFamily(Scanner.Known.GPT4O, false, numbered(count, List.of("<|begin_of_text|>", "<|end_of_text|>",
          "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|header_start|>", "<|header_end|>", "<|eom|>", "<|eot|>",
          "<|step|>")), "<|begin_of_text|>");
    }
    if (llama || count == LLAMA3_TOKENS && family.isEmpty()) {
      return new TiktokenFamily(Scanner.Known.LLAMA3, false, llama3(count), "<|begin_of_text|>");
    }
    return null;
  }

  private static TiktokenFamily gpt(String pattern, Map<String, Integer> special) {
    return new TiktokenFamily(pattern, false, special, null);
  }

  private static Map<String, Integer> numbered(int from, List<String> tokens) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (String token : tokens) {
      ids.put(token, from + ids.size());
    }
    return Collections.unmodifiableMap(ids);
  }

  private static List<String> series(String format, int from, int to) {
    return IntStream.range(from, to).mapToObj(format::formatted).toList();
  }

  private static Map<String, Integer> qwen(int count) {
    List<String> tokens = new ArrayList<>(List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>"));
    tokens.addAll(series("<|extra_%d|>", 0, 205));
    return numbered(count, tokens);
  }

  /** Llama 3.1's names; of those that the first Llama 3 had reserved only the ones both mean alike matter. */
  private static Map<String, Integer> llama3(int count) {
    List<String> tokens = new ArrayList<>(List.of("<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
        "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|reserved_special_token_2|>", "<|start_header_id|>",
        "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"));
    tokens.addAll(series("<|reserved_special_token_%d|>", 3, 248));
    return numbered(count, tokens);
  }

  private static Map<String, Integer> stableLm2() {
    List<String> tokens = new ArrayList<>(List.of("<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|fim_pad|>", "<gh_stars>", "<filename>", "<issue_start>", "<issue_comment>", "<issue_closed>", "<jupyter_start>",
        "<jupyter_text>", "<jupyter_code>", "<jupyter_output>", "<empty_output>", "<commit_before>", "<commit_msg>",
        "<commit_after>", "<reponame>", "<|endofprompt|>", "<|im_start|>", "<|im_end|>", "<|pause|>"));
    tokens.addAll(series("<|reg%d|>", 0, 8));
    tokens.add("<|extra0|>");
    return numbered(100257, tokens);
  }
}
