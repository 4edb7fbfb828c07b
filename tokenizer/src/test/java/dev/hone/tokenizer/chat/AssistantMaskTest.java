package dev.hone.tokenizer.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.tokenizer.chat.ChatTemplateException.Kind;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class AssistantMaskTest {
  /** Words with the space before them, marks such as {@code <|user|>}, and single characters. */
  private static final Pattern TOKENS = Pattern.compile("<[^<>]*>| ?\\p{L}+|.", Pattern.DOTALL);

  private static final String CHATML = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>\n{% endfor %}"
      + "{% if add_generation_prompt %}<assistant>{% endif %}";

  private static TokenizedText encode(String text) {
    List<Integer> starts = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    for (Matcher token = TOKENS.matcher(text); token.find(); ) {
      ids.add(token.group().hashCode());
      starts.add(text.codePointCount(0, token.start()));
      ends.add(text.codePointCount(0, token.end()));
    }
    return new TokenizedText(ints(ids), ints(starts), ints(ends));
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Map<String, String> message(String role, String content) {
    return Map.of("role", role, "content", content);
  }

  /** The marked tokens' text, a bar between stretches that do not touch. */
  private static String marked(MaskedChat chat) {
    StringBuilder out = new StringBuilder();
    Matcher token = TOKENS.matcher(chat.text());
    for (int i = 0; token.find(); i++) {
      if (chat.assistant()[i]) {
        out.append(i > 0 && !chat.assistant()[i - 1] && !out.isEmpty() ? "|" : "").append(token.group());
      }
    }
    return out.toString();
  }

  private static String mark(String template, List<Map<String, String>> messages) {
    return marked(ChatTemplate.parse(template).encodeMasked(messages, ChatOptions.DEFAULT, AssistantMaskTest::encode));
  }

  private static String refusal(String template, List<Map<String, String>> messages, ChatEncoder encoder) {
    ChatTemplateException refused = assertThrows(ChatTemplateException.class,
        () -> ChatTemplate.parse(template).encodeMasked(messages, ChatOptions.DEFAULT, encoder));
    assertEquals(Kind.MASK, refused.kind());
    return refused.getMessage();
  }

  @Test
  void prefixesGiveWhatTheAssistantSaid() {
    assertEquals("Hello there</>\n|Bye \ud83d\ude00</>\n", mark(CHATML, List.of(message("system", "s"),
        message("user", "Hi"), message("assistant", "Hello there"), message("user", "ok"),
        message("assistant", "Bye \ud83d\ude00"))));
    assertEquals("", mark(CHATML, List.of(message("user", "Hi"))));
    assertEquals("a</>\n|b</>\n", mark(CHATML, List.of(message("assistant", "a"), message("assistant", "b"))));
  }

  @Test
  void aPromptAfterTheConversationIsNotMarked() {
    MaskedChat chat = ChatTemplate.parse(CHATML).encodeMasked(List.of(message("user", "Hi"), message("assistant", "a")),
        ChatOptions.DEFAULT.withGenerationPrompt(true), AssistantMaskTest::encode);
    assertTrue(chat.text().endsWith("<assistant>"));
    assertEquals("a</>\n", marked(chat));
  }

  @Test
  void prefixesAndGenerationBlocksAgree() throws URISyntaxException {
    String marking = ChatTemplateVectors.text(OwnTemplatesTest.root().resolve("training").resolve("template.jinja"));
    String plain = marking.replaceAll("\\{%- (end)?generation -%}", "");
    ChatOptions options = ChatOptions.DEFAULT.withVariables(Map.of("bos_token", "<s>", "eos_token", "</s>"));
    List<Map<String, String>> messages = List.of(message("user", "Hi there"), message("assistant", "Hello \ud83d\ude00"),
        message("user", "Bye"), message("assistant", "So long"));
    MaskedChat byMarks = ChatTemplate.parse(marking).encodeMasked(messages, options, AssistantMaskTest::encode);
    MaskedChat byPrefixes = ChatTemplate.parse(plain).encodeMasked(messages, options, AssistantMaskTest::encode);
    assertEquals("Hello \ud83d\ude00</s>|So long</s>", marked(byMarks));
    // The text after the block, a line end, belongs to the turn as well where only prefixes tell.
    assertEquals("Hello \ud83d\ude00</s>\n|So long</s>\n", marked(byPrefixes));
  }

  @Test
  void onlyChosenMessagesAreMarkedByPrefixesAndByBlocks() {
    List<Map<String, String>> messages = List.of(message("user", "x"), message("assistant", "y"), message("user", "z"),
        message("assistant", "w"), message("assistant", "v"));
    String blocks = "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}</>"
        + "{% endgeneration %}{% else %}{{ m.content }}</>{% endif %}\n{% endfor %}"
        + "{% if add_generation_prompt %}<assistant>{% endif %}";
    for (String template : List.of(CHATML, blocks)) {
      String end = template.equals(CHATML) ? "</>\n" : "</>";
      assertEquals("w" + end, marked(ChatTemplate.parse(template).encodeMasked(messages, ChatOptions.DEFAULT,
          AssistantMaskTest::encode, i -> i == 3)));
      assertEquals("y" + end + "|v" + end, marked(ChatTemplate.parse(template).encodeMasked(messages, ChatOptions.DEFAULT,
          AssistantMaskTest::encode, i -> i != 3)));
      assertEquals("", marked(ChatTemplate.parse(template).encodeMasked(messages, ChatOptions.DEFAULT, AssistantMaskTest::encode,
          _ -> false)));
    }
  }

  @Test
  void aTemplateThatRewritesEarlierTurnsIsRefused() {
    String template = "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' and loop.last %}(think) {% endif %}"
        + "{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
    assertEquals("message 1 (assistant, counted from 0) cannot be masked: cut after it, the conversation renders"
        + " differently from character 19 on: \"assistant>(think) a\\n\" instead of \"assistant>a\\n<user>c\\n<assistant>"
        + "(think) b\"; use a template that marks the assistant's text with {% generation %}",
        refusal(template, List.of(message("user", "b"), message("assistant", "a"), message("user", "c"),
            message("assistant", "b")), AssistantMaskTest::encode));
  }

  @Test
  void aPromptThatHistoryDoesNotHaveIsRefused() {
    String template = CHATML.replace("<assistant>{% endif %}", "<assistant>(think){% endif %}");
    String refusal = refusal(template, List.of(message("user", "b"), message("assistant", "a")),
        AssistantMaskTest::encode);
    assertTrue(refusal.startsWith("message 1 (assistant, counted from 0) cannot be masked: cut before it"), refusal);
  }

  @Test
  void tokensThatJoinAcrossTheCutAreRefused() {
    // A tokenizer whose words reach back over the end of the prompt.
    ChatEncoder joining = text -> {
      TokenizedText tokens = encode(text);
      int[] ids = tokens.ids().clone();
      for (int i = 1; i < ids.length; i++) {
        ids[i - 1] += text.endsWith("<assistant>") && i == ids.length - 1 ? 1 : 0;
      }
      return new TokenizedText(ids, tokens.starts(), tokens.ends());
    };
    assertTrue(refusal(CHATML, List.of(message("user", "b"), message("assistant", "a")), joining)
        .contains("cut before it, the text is tokenized differently from token 3 on"));
  }

  @Test
  void aTemplateThatFailsOnTheBeginningIsRefused() {
    String template = "{% if messages[-1].role == 'user' %}{{ raise_exception('ends with a question') }}{% endif %}"
        + CHATML;
    assertTrue(refusal(template, List.of(message("user", "b"), message("assistant", "a")), AssistantMaskTest::encode)
        .contains("the template fails on the conversation cut before it (chat template, line 1 "));
  }

  @Test
  void aGenerationBlockInAMacroIsFoundByPrefixes() {
    String template = "{% macro say(m) %}{% generation %}{{ m.content }}{% endgeneration %}{% endmacro %}"
        + CHATML.replace("{{ m.content }}", "{{ say(m) if m.role == 'assistant' else m.content }}");
    assertFalse(ChatTemplate.parse(template).marksAssistant());
    assertEquals("a</>\n", mark(template, List.of(message("user", "b"), message("assistant", "a"))));
  }

  @Test
  void aGenerationBlockInsideAnotherIsPartOfIt() {
    String template = "{% for m in messages %}{% generation %}[{% generation %}{{ m.content }}{% endgeneration %}]"
        + "{% endgeneration %}.{% endfor %}";
    assertEquals(List.of(new TextSpan(0, 3), new TextSpan(4, 7)), ChatTemplate.parse(template).render(
        List.of(message("user", "a"), message("user", "b")), ChatOptions.DEFAULT).generations());
  }

  @Test
  void aContinuedMessageHasNoMask() {
    ChatTemplateException refused = assertThrows(ChatTemplateException.class, () -> ChatTemplate.parse(CHATML)
        .encodeMasked(List.of(message("assistant", "a")), ChatOptions.DEFAULT.withContinueFinalMessage(true),
            AssistantMaskTest::encode));
    assertEquals(Kind.CONVERSATION, refused.kind());
  }

  @Test
  void spansMapToTokensAsTransformersMapsThem() {
    TokenizedText tokens = new TokenizedText(new int[5], new int[] {0, 2, 4, 6, 8}, new int[] {2, 4, 6, 7, 10});
    assertMask("01100", tokens, new TextSpan(2, 6));
    assertMask("01100", tokens, new TextSpan(3, 5));
    assertMask("11111", tokens, new TextSpan(0, 2));    // the last token is the first one: to the end
    assertMask("00011", tokens, new TextSpan(6, 8));    // code point 7 has no token: to the end
    assertMask("00100", tokens, new TextSpan(4, 6), new TextSpan(10, 12), new TextSpan(2, 4));   // beyond: stop
    assertMask("00000", tokens, new TextSpan(4, 4));
    assertMask("00000", tokens, new TextSpan(0, 0));
    assertMask("01010", tokens, new TextSpan(2, 4), new TextSpan(6, 7));
  }

  private static void assertMask(String expected, TokenizedText tokens, TextSpan... spans) {
    boolean[] mask = new boolean[expected.length()];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = expected.charAt(i) == '1';
    }
    assertArrayEquals(mask, AssistantMask.fromSpans(List.of(spans), tokens));
  }
}
