package dev.hone.example;

import java.util.List;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;

/** Asks a running {@code hone serve}: arguments are its address, a model that chats, and one that embeds. */
public final class AskSpring {
  private static final String KEY = "none"; // the client wants one, the server takes any where it has none itself

  private AskSpring() {}

  public static void main(String[] arguments) {
    String address = arguments[0] + "/v1";
    OpenAiChatOptions.Builder options = new OpenAiChatOptions.Builder();
    options.baseUrl(address);
    options.apiKey(KEY);
    options.model(arguments[1]);
    options.temperature(0.0);
    options.maxCompletionTokens(20);
    OpenAiChatModel chat = OpenAiChatModel.builder().options(options.build()).build();
    Prompt prompt = new Prompt("Once upon a time");

    ChatResponse whole = chat.call(prompt);
    String text = whole.getResult().getOutput().getText();
    check(text != null && !text.isEmpty(), "chat: " + text);
    check(whole.getMetadata().getUsage().getCompletionTokens() == 20, "usage: " + whole.getMetadata().getUsage());

    List<String> pieces = chat.stream(prompt).collectList().block().stream().filter(part -> part.getResult() != null)
        .map(part -> part.getResult().getOutput().getText()).filter(piece -> piece != null && !piece.isEmpty()).toList();
    check(String.join("", pieces).equals(text) && pieces.size() > 3, "stream: the same text in " + pieces.size() + " pieces");

    OpenAiEmbeddingModel embedder = OpenAiEmbeddingModel.builder().options(OpenAiEmbeddingOptions.builder().baseUrl(address)
        .apiKey(KEY).model(arguments[2]).build()).build();
    float[] vector = embedder.embed("a small dog");
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    check(Math.abs(squares - 1) < 1e-3, "vectors: " + vector.length + " numbers of length 1");
    System.exit(0); // threads of the client would keep the process for a minute
  }

  private static void check(boolean holds, String what) {
    System.out.println((holds ? "ok    " : "FAIL  ") + what);
    if (!holds) {
      System.exit(1);
    }
  }
}
