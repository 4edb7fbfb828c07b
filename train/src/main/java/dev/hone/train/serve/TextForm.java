package dev.hone.train.serve;

import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How answers with text look in JSON: those of chats, and those of completions. */
interface TextForm {
  /** What routes are called in logs. */
  String route();

  /** What ids begin with. */
  String prefix();

  /** The object's name of a whole answer, or of a chunk of a stream. */
  String object(boolean chunk);

  /** One choice of a whole answer. */
  void choice(ObjectNode choice, String text, List<Generation.Entry> entries, boolean logs, int offset);

  /** What a stream says of a choice before all else; false if nothing. */
  boolean opening(ObjectNode choice);

  /** A piece of a choice of a stream. */
  void piece(ObjectNode choice, String text, List<Generation.Entry> entries, boolean logs, int offset);

  /** Those of {@code /v1/chat/completions}. */
  record Chat(boolean tools, boolean parallel) implements TextForm {
    @Override
    public String route() {
      return "chat.completions";
    }

    @Override
    public String prefix() {
      return "chatcmpl-";
    }

    @Override
    public String object(boolean chunk) {
      return chunk ? "chat.completion.chunk" : "chat.completion";
    }

    @Override
    public void choice(ObjectNode choice, String text, List<Generation.Entry> entries, boolean logs, int offset) {
      ObjectNode message = choice.putObject("message").put("role", "assistant");
      ToolCalls said = said(text);
      if (said.calls().isEmpty()) {
        message.put("content", text);
      } else {
        message.put("content", said.content().isEmpty() ? null : said.content());
        calls(message, said, false);
      }
      message.putNull("refusal");
      logs(choice, entries, logs);
    }

    private ToolCalls said(String text) {
      ToolCalls said = tools ? ToolCalls.in(text) : new ToolCalls(text, List.of());
      return parallel || said.calls().size() < 2 ? said : new ToolCalls(said.content(), said.calls().subList(0, 1));
    }

    private static void calls(ObjectNode message, ToolCalls said, boolean numbered) {
      ArrayNode list = message.putArray("tool_calls");
      for (int i = 0; i < said.calls().size(); i++) {
        ObjectNode call = list.addObject();
        if (numbered) {
          call.put("index", i);
        }
        call.put("id", "call_" + HttpCall.random().substring(0, 24)).put("type", "function").putObject("function")
            .put("name", said.calls().get(i).name()).put("arguments", said.calls().get(i).arguments());
      }
    }

    @Override
    public boolean opening(ObjectNode choice) {
      choice.putObject("delta").put("role", "assistant").put("content", "");
      return true;
    }

    @Override
    public void piece(ObjectNode choice, String text, List<Generation.Entry> entries, boolean logs, int offset) {
      ObjectNode delta = choice.putObject("delta");
      ToolCalls said = said(text);
      if (!said.content().isEmpty()) {
        delta.put("content", said.content());
      }
      if (!said.calls().isEmpty()) {
        calls(delta, said, true);
      }
      logs(choice, entries, logs);
    }

    private static void logs(ObjectNode choice, List<Generation.Entry> entries, boolean logs) {
      if (!logs) {
        choice.putNull("logprobs");
        return;
      }
      ArrayNode content = choice.putObject("logprobs").putArray("content");
      for (Generation.Entry entry : entries) {
        ObjectNode token = content.addObject();
        token(token, entry.text(), entry.bytes(), entry.logProbability());
        ArrayNode top = token.putArray("top_logprobs");
        for (int i = 0; i < entry.others().length; i++) {
          token(top.addObject(), entry.others()[i], entry.otherBytes()[i], entry.otherLogs()[i]);
        }
      }
    }

    private static void token(ObjectNode token, String text, byte[] bytes, float log) {
      token.put("token", text).put("logprob", finite(log));
      ArrayNode list = token.putArray("bytes");
      for (byte b : bytes) {
        list.add(b & 0xff);
      }
    }
  }

  /** Those of {@code /v1/completions}. */
  record Completion() implements TextForm {
    @Override
    public String route() {
      return "completions";
    }

    @Override
    public String prefix() {
      return "cmpl-";
    }

    @Override
    public String object(boolean chunk) {
      return "text_completion";
    }

    @Override
    public void choice(ObjectNode choice, String text, List<Generation.Entry> entries, boolean logs, int offset) {
      choice.put("text", text);
      if (!logs) {
        choice.putNull("logprobs");
        return;
      }
      ObjectNode all = choice.putObject("logprobs");
      ArrayNode tokens = all.putArray("tokens");
      ArrayNode chosen = all.putArray("token_logprobs");
      ArrayNode top = all.putArray("top_logprobs");
      ArrayNode offsets = all.putArray("text_offset");
      for (Generation.Entry entry : entries) {
        tokens.add(entry.text());
        chosen.add(finite(entry.logProbability()));
        ObjectNode others = top.addObject();
        for (int i = 0; i < entry.others().length; i++) {
          others.put(entry.others()[i], finite(entry.otherLogs()[i]));
        }
        offsets.add(offset + entry.offset());
      }
    }

    @Override
    public boolean opening(ObjectNode choice) {
      return false;
    }

    @Override
    public void piece(ObjectNode choice, String text, List<Generation.Entry> entries, boolean logs, int offset) {
      choice(choice, text, entries, logs, offset);
    }
  }

  /** JSON has no infinity. */
  private static float finite(float log) {
    return Float.isFinite(log) ? log : -9999;
  }
}
