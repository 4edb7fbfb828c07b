package dev.hone.train.config;

import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Settings that people bring from other trainers (transformers and TRL, PEFT, LLaMA-Factory, axolotl), and what to say here
 * instead. They are answered, not accepted: a value may mean something else, such as a number of characters.
 */
final class OtherTrainers {
  private static final Map<String, String> ANSWERS = new HashMap<>();

  static {
    is("lora_r", "r", "rank", "lora_rank", "lora_dim");
    is("lora_alpha", "alpha");
    is("target_modules", "lora_target", "lora_target_modules", "lora_modules");
    say("say target_modules: all-linear", "lora_target_linear");
    is("modules_to_save", "lora_modules_to_save", "additional_target");
    is("bias", "lora_bias");
    is("init_lora_weights", "peft_init_lora_weights");
    is("use_dora", "peft_use_dora", "dora");
    is("use_rslora", "peft_use_rslora", "rslora");
    is("method", "finetuning_type", "adapter", "peft_type", "tuner_type");
    is("max_length", "max_seq_length", "max_seq_len", "seq_length", "cutoff_len", "sequence_len", "model_max_length",
        "block_size");
    is("model", "model_name_or_path", "model_name", "base_model", "model_id", "pretrained_model_name_or_path");
    is("data", "dataset", "datasets", "dataset_name", "dataset_path", "train_file", "train_data", "train_dataset");
    is("eval_data", "eval_dataset", "validation_file", "valid_file", "validation_data", "test_datasets");
    is("test_data", "test_file", "test_dataset");
    is("val_size", "val_set_size", "validation_split", "test_size", "validation_split_percentage");
    is("num_train_epochs", "num_epochs", "n_epochs", "epoch");
    is("max_steps", "iters", "num_steps", "max_iters", "num_training_steps");
    is("batch_size", "micro_batch_size", "train_micro_batch_size_per_gpu");
    is("gradient_accumulation_steps", "grad_accum", "accumulate_grad_batches", "gradient_accumulation");
    is("learning_rate", "rate", "lr_rate");
    is("lr_scheduler_type", "lr_scheduler", "scheduler");
    is("max_grad_norm", "gradient_clipping", "clip_grad_norm", "gradient_clip_val");
    is("gradient_checkpointing", "activation_checkpointing", "grad_checkpoint");
    is("train_on_prompt", "train_on_inputs", "train_on_prompts");
    say("answers alone are learnt unless train_on_prompt: true; leave it out", "completion_only_loss", "assistant_only_loss",
        "mask_prompt", "mask_history", "train_on_responses_only");
    say("say columns: text=NAME (label=, prompt=, completion=, messages= for others)", "dataset_text_field", "text_column",
        "text_field", "label_column", "text_column_name", "label_column_name", "prompt_template", "formatting_func");
    is("chat_template", "template", "chat_template_path", "chat_template_jinja");
    is("task", "task_type", "stage", "model_type");
    is("columns", "dataset_columns");
    is("problem_type", "problem");
    is("output_dir", "output", "save_path", "adapter_path", "out_dir");
    is("early_stopping_patience", "patience");
    say("held-out rows are evaluated once an epoch or every eval_steps; val_size: 0 turns it off", "eval_strategy",
        "evaluation_strategy", "do_eval", "evals_per_epoch", "eval_on_start");
    say("checkpoints are written once an epoch or every save_steps; save_total_limit: 0 turns them off", "save_strategy",
        "saves_per_epoch", "save_every");
    say("the best state on held-out rows is always what is written; metric_for_best_model says by which measure, val_size: 0 "
        + "keeps the last", "load_best_model_at_end", "save_best");
    say("each metric knows whether more is better; leave it out", "greater_is_better");
    say("every step is in metrics.jsonl; leave it out", "logging_steps", "logging_strategy", "logging_first_step",
        "logging_dir", "plot_loss", "steps_per_report", "log_interval");
    say("say report_to: tensorboard or html", "use_wandb", "use_tensorboard", "run_name", "wandb_project", "use_swanlab");
    say("say --resume on the command line; it goes on from the newest checkpoint of output_dir", "resume_from_checkpoint",
        "resume_adapter_file", "auto_resume_from_checkpoints");
    say("say --overwrite on the command line", "overwrite_output_dir");
    say("Hone computes in 32-bit floats and keeps frozen weights as their file has them; leave it out (load_in_8bit and "
        + "load_in_4bit hold the base in fewer bits)", "bf16", "fp16", "tf32", "bf16_full_eval", "fp16_full_eval", "torch_dtype",
        "dtype", "precision", "mixed_precision", "pure_bf16", "amp");
    is("load_in_4bit or load_in_8bit", "quantization_bit", "quantization", "bits", "use_qlora", "load_in_4_bit");
    say("nothing is padded and batches are one run of tokens; leave it out", "packing", "sample_packing",
        "eval_sample_packing", "pad_to_sequence_len", "padding", "pad_to_max_length", "padding_free", "padding_side",
        "pad_to_multiple_of", "pack_to_max_length");
    say("attention has one kernel, without the matrix of scores; leave it out", "flash_attention", "flash_attn",
        "attn_implementation", "use_flash_attention_2", "xformers_attention", "sdp_attention");
    say("rows are read as they are needed; leave it out", "dataloader_num_workers", "dataloader_pin_memory", "num_workers",
        "preprocessing_num_workers", "dataset_num_proc", "dataset_prepared_path", "overwrite_cache", "dataloader_drop_last",
        "remove_unused_columns", "streaming");
    say("one machine computes, with all its cores (-Dhone.threads=N for fewer); leave it out", "deepspeed", "fsdp",
        "fsdp_config", "ddp_find_unused_parameters", "ddp_timeout", "local_rank", "no_cuda", "use_cpu", "device", "device_map",
        "num_processes", "ddp_bucket_cap_mb");
    say("no code of a model is ever run; leave it out", "trust_remote_code");
    say("it is the verb: hone train, hone evaluate, hone predict", "do_train", "do_predict", "mode");
    say("the directory that training writes is what one uploads; leave it out", "push_to_hub", "hub_model_id", "hub_token",
        "hub_strategy");
    say("seed is for everything random; leave it out", "data_seed", "full_determinism");
  }

  private OtherTrainers() {}

  private static void is(String ours, String... theirs) {
    say("is " + ours + " here", theirs);
  }

  private static void say(String answer, String... theirs) {
    for (String name : theirs) {
      ANSWERS.put(name, answer);
    }
  }

  /** All that is ever said. */
  static Collection<String> answers() {
    return ANSWERS.values();
  }

  /** What to say of a key or flag of another trainer; null if none is known to have it. */
  static String answer(String name) {
    return ANSWERS.get(name.toLowerCase(Locale.ROOT).replace('-', '_'));
  }
}
