#include "gateway/aws/credentials.h"

#include <gtest/gtest.h>

#include "gateway/aws/shared_config.h"
#include "tests/gateway/aws/fake_environment.h"

namespace oriel::gateway::aws {
namespace {

using testing::Test;

// "id/secret/token/bearer from source", or "none", or "error: message".
std::string load(CredentialSource& source) {
  const auto found = source.load();
  if (!found) return "error: " + found.error().message;
  if (!*found) return "none";
  const Credentials& c = **found;
  return c.access_key_id + "/" + c.secret_access_key.reveal() + "/" + c.session_token.reveal() +
         "/" + c.bearer_token.reveal() + " from " + c.source;
}
std::string from_environment(Variables variables) {
  return load(*environment_source(fake_environment(std::move(variables))));
}

TEST(EnvironmentSource, TakesWhatIsSet) {
  EXPECT_EQ(from_environment({}), "none");
  EXPECT_EQ(from_environment({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}}), "none");
  EXPECT_EQ(from_environment({{"AWS_ACCESS_KEY_ID", "I"}, {"AWS_SECRET_ACCESS_KEY", "S"}}),
            "I/S// from environment");
  EXPECT_EQ(
      from_environment(
          {{"AWS_ACCESS_KEY_ID", "I"}, {"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_SESSION_TOKEN", "T"}}),
      "I/S/T/ from environment");
  EXPECT_EQ(from_environment({{"AWS_SESSION_TOKEN", "T"}}), "none");
  EXPECT_EQ(from_environment({{"AWS_BEARER_TOKEN_BEDROCK", "B"},
                              {"AWS_ACCESS_KEY_ID", "I"},
                              {"AWS_SECRET_ACCESS_KEY", "S"}}),
            "///B from environment (Bedrock API key)");
}

TEST(EnvironmentSource, HalfAPairIsAnError) {
  EXPECT_EQ(from_environment({{"AWS_ACCESS_KEY_ID", "I"}}),
            "error: environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not; set "
            "both or neither");
  EXPECT_EQ(from_environment({{"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_ACCESS_KEY_ID", ""}}),
            "error: environment: AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not; set "
            "both or neither");
}

TEST(EnvironmentSource, WhatCannotBeSentIsAnErrorThatShowsNothing) {
  for (Variables variables :
       {Variables{{"AWS_BEARER_TOKEN_BEDROCK", "hidden\r\nX: y"}},
        Variables{{"AWS_ACCESS_KEY_ID", "hid den"}, {"AWS_SECRET_ACCESS_KEY", "S"}},
        Variables{{"AWS_ACCESS_KEY_ID", "I"}, {"AWS_SECRET_ACCESS_KEY", "hidden\n"}}}) {
    const std::string got = from_environment(std::move(variables));
    EXPECT_TRUE(got.starts_with("error: environment")) << got;
    EXPECT_EQ(got.find("hid"), std::string::npos) << got;
  }
}

TEST(EnvironmentSource, ReadsTheExpiration) {
  const auto expires = [](const char* text) {
    return environment_source(fake_environment({{"AWS_ACCESS_KEY_ID", "I"},
                                                {"AWS_SECRET_ACCESS_KEY", "S"},
                                                {"AWS_CREDENTIAL_EXPIRATION", text}}))
        ->load();
  };
  for (const char* text :
       {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+00:00"}) {
    const auto found = expires(text);
    ASSERT_TRUE(found.has_value()) << text;
    EXPECT_EQ((*found)->expires, std::chrono::system_clock::from_time_t(1767323045)) << text;
  }
  for (const char* text : {"soon", "2026-01-02", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05",
                           "2026-01-02T03:04:05+02:00", "2026-01-02T03:04:0xZ"}) {
    EXPECT_FALSE(expires(text).has_value()) << text;
  }
}

TEST(SharedFilesSource, FindsTheProfile) {
  const FakeHome home;
  EXPECT_EQ(load(*shared_files_source(home.environment())), "none");
  home.config(
      "[default]\nregion=us-east-1\n[profile team]\naws_access_key_id=C\n"
      "aws_secret_access_key=CS\n[profile both]\naws_access_key_id=old\n"
      "aws_secret_access_key=old\nregion=eu-west-1\n");
  EXPECT_EQ(load(*shared_files_source(home.environment())), "none");
  home.credentials(
      "[default]\naws_access_key_id=D\naws_secret_access_key=DS\n"
      "aws_session_token=DT\n[both]\naws_access_key_id=new\n"
      "aws_secret_access_key=NS\n");
  EXPECT_EQ(load(*shared_files_source(home.environment())), "D/DS/DT/ from profile default");
  EXPECT_EQ(load(*shared_files_source(home.environment({{"AWS_PROFILE", "team"}}))),
            "C/CS// from profile team");
  EXPECT_EQ(load(*shared_files_source(home.environment({{"AWS_DEFAULT_PROFILE", "both"}}))),
            "new/NS// from profile both");
  EXPECT_EQ(load(*shared_files_source(fake_environment({}))), "none") << "no home";
}

TEST(SharedFilesSource, FilesCanBeElsewhere) {
  const FakeHome home;
  const std::string path =
      home.write("keys", "[default]\naws_access_key_id=I\naws_secret_access_key=S\n");
  EXPECT_EQ(load(*shared_files_source(fake_environment({{"AWS_SHARED_CREDENTIALS_FILE", path}}))),
            "I/S// from profile default");
  EXPECT_EQ(
      load(*shared_files_source(home.environment({{"AWS_SHARED_CREDENTIALS_FILE", "~/keys"}}))),
      "I/S// from profile default");
}

TEST(SharedFilesSource, ErrorsSayWhatToDo) {
  const FakeHome home;
  home.config(
      "[profile half]\naws_access_key_id=I\n"
      "[profile role]\nrole_arn=arn:aws:iam::1:role/x\naws_access_key_id=I\n"
      "aws_secret_access_key=S\n"
      "[profile sso]\nsso_session=s\n[profile process]\ncredential_process=/bin/x\n"
      "[profile web]\nweb_identity_token_file=/t\nrole_session_name=x\n");
  const auto error = [&](const char* profile) {
    return load(*shared_files_source(home.environment({{"AWS_PROFILE", profile}})));
  };
  EXPECT_NE(error("missing").find("profile 'missing' (AWS_PROFILE) is neither in " +
                                  home.directory() + "/.aws/config as [profile missing]"),
            std::string::npos)
      << error("missing");
  EXPECT_EQ(error("half"),
            "error: profile half: aws_access_key_id is set, but aws_secret_access_key is not; set "
            "both or neither");
  for (const auto& [profile, key] : {std::pair{"role", "role_arn"},
                                     {"sso", "sso_session"},
                                     {"process", "credential_process"},
                                     {"web", "web_identity_token_file"}}) {
    const std::string got = error(profile);
    EXPECT_NE(got.find(std::string("(") + key + "), which is not supported yet"), std::string::npos)
        << got;
    EXPECT_NE(got.find(std::string("aws configure export-credentials --profile ") + profile),
              std::string::npos)
        << got;
  }
}

TEST(SharedFilesSource, BrokenFilesStopTheSearch) {
  const FakeHome home;
  home.credentials("[default]\nwhat is this\n");
  EXPECT_EQ(load(*default_chain(home.environment())),
            "error: " + home.directory() +
                "/.aws/credentials:2: neither a [section] nor a 'key = value'");
  const FakeHome other;
  std::filesystem::create_directory(other.directory() + "/.aws/config");
  EXPECT_TRUE(load(*default_chain(other.environment())).starts_with("error: "));
}

TEST(Chain, FirstThatAppliesWins) {
  const FakeHome home;
  home.credentials("[default]\naws_access_key_id=F\naws_secret_access_key=FS\n");
  EXPECT_EQ(load(*default_chain(home.environment())), "F/FS// from profile default");
  EXPECT_EQ(load(*default_chain(
                home.environment({{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "ES"}}))),
            "E/ES// from environment");
  EXPECT_TRUE(
      load(*default_chain(home.environment({{"AWS_ACCESS_KEY_ID", "E"}}))).starts_with("error: "));
  EXPECT_EQ(load(*default_chain(fake_environment({}))), "none");
}

TEST(MissingCredentials, SaysWhereItLookedAndWhatToDo) {
  const FakeHome home;
  const std::string message = missing_credentials(home.environment({{"AWS_PROFILE", "p"}})).message;
  for (const std::string& part :
       {std::string("AWS_ACCESS_KEY_ID"), std::string("AWS_BEARER_TOKEN_BEDROCK"),
        std::string("profile 'p'"), home.directory() + "/.aws/credentials",
        std::string("aws configure")}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
  EXPECT_NE(missing_credentials(fake_environment({})).message.find("HOME is not set"),
            std::string::npos);
}

TEST(Secret, MovesLeaveNothing) {
  Secret first("short");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.reveal(), "short");
  Secret third("another");
  third = second;
  EXPECT_EQ(third.reveal(), "short");
  third = Secret("a much longer secret that is on the heap");
  EXPECT_EQ(third.reveal(), "a much longer secret that is on the heap");
}

TEST(Region, ComesFromTheEnvironmentFirst) {
  const FakeHome home;
  home.config("[default]\nregion=from-profile-1\n");
  const auto region = [&](Variables variables) {
    const Environment environment = home.environment(std::move(variables));
    return find_region(environment, *SharedConfig::load(environment));
  };
  EXPECT_EQ(region({{"AWS_REGION", "a-1"}, {"AWS_DEFAULT_REGION", "b-1"}}), "a-1");
  EXPECT_EQ(region({{"AWS_REGION", ""}, {"AWS_DEFAULT_REGION", "b-1"}}), "b-1");
  EXPECT_EQ(region({}), "from-profile-1");
  const FakeHome empty;
  EXPECT_EQ(find_region(empty.environment(), *SharedConfig::load(empty.environment())), "");
}

}  // namespace
}  // namespace oriel::gateway::aws
