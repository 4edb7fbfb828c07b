package dev.hone.train.serve;

import dev.hone.lora.AdapterFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Adapters that come and go: {@code /v1/load_lora_adapter} and {@code /v1/unload_lora_adapter}. Clients give names of
 * directories in
 * the one that was allowed, never paths.
 */
final class AdapterRoutes {
  private static final System.Logger LOG = System.getLogger(AdapterRoutes.class.getName());
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

  private final ModelServer server;
  private volatile Path allowed;

  AdapterRoutes(ModelServer server) {
    this.server = server;
  }

  void allow(Path directory) {
    allowed = directory;
  }

  void load(HttpCall call) throws IOException {
    Fields fields = call.fields();
    Path root = requireAllowed();
    String name = name(fields, "lora_name");
    String place = fields.has("lora_path") ? name(fields, "lora_path") : name;
    String model = fields.text("model", null);
    boolean again = fields.flag("load_inplace", false);
    server.unknown(fields);
    Path directory = root.resolve(place);
    if (!Files.isDirectory(directory) || !AdapterFiles.isAdapter(directory)) {
      throw new ApiException(404, "invalid_request_error", "lora_path", "adapter_not_found", "there is no adapter '" + place
          + "' in the directory of adapters");
    }
    String owner = server.base(model);
    boolean there = server.isAdapter(owner, name);
    if (server.cards().containsKey(name) && !there || there && !again) {
      throw ApiException.bad("lora_name", "there is a model '" + name + "' already" + (there ? "; load_inplace: true replaces it"
          : ""));
    }
    try {
      server.addAdapter(owner, name, directory);
    } catch (IOException | UncheckedIOException e) {
      LOG.log(Level.WARNING, "adapter " + place + " cannot be read: " + e);
      throw new ApiException(500, "server_error", "lora_path", "adapter_unreadable", "the files of adapter '" + place
          + "' cannot be read; the log of the server says why");
    }
    call.reply(200, HttpCall.object().put("id", name).put("object", "model"));
  }

  void unload(HttpCall call) throws IOException {
    Fields fields = call.fields();
    requireAllowed();
    String name = name(fields, "lora_name");
    server.unknown(fields);
    if (!server.removeAdapter(name)) {
      throw new ApiException(404, "invalid_request_error", "lora_name", "adapter_not_found", "no adapter '" + name + "'");
    }
    call.reply(200, HttpCall.object().put("id", name).put("deleted", true));
  }

  private Path requireAllowed() {
    Path root = allowed;
    if (root == null) {
      throw new ApiException(403, "invalid_request_error", null, "not_allowed",
          "loading adapters is off; the server allows it with "
          + "--allow-adapters DIR");
    }
    return root;
  }

  private static String name(Fields fields, String field) {
    String name = fields.text(field, null);
    if (name == null || !name.matches(NAME)) {
      throw ApiException.bad(field, field + " must be a name of letters, digits, '.', '_' and '-', no path");
    }
    return name;
  }
}
