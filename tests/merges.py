"""What a merge and a pull request do on every target, each `run` of the workflows for real.

A class of tests per target inherits what stands here. Its module has two fixtures: `github`, a
project for which everything is set, and `published`, which says what is published for a stack.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.local_cloud.emulator import REGION
from tests.project import succeed
from tests.workflows import ENGINE, GitHub, Job

OWN = {"repository": "me/iris", "sha": "0" * 40, "token": "a-token", "run_id": "7", "actor": "me"}
OWN |= {
    "event": {
        "number": "12",
        "pull_request": {"head": {"repo": {"full_name": "me/iris"}}, "user": {"type": "User"}},
    }
}
BACKEND = {"PULUMI_BACKEND_URL": "s3://state"}
AWS = {
    "AWS_REGION": REGION,
    "AWS_DEPLOY_ROLE": "arn:aws:iam::123456789012:role/iris-deploy",
    "AWS_PREVIEW_ROLE": "arn:aws:iam::123456789012:role/iris-preview",
    **BACKEND,
}
AWS_LOGIN = "aws-actions/configure-aws-credentials"

type Published = Callable[[str], list[str]]


def with_its_model(project: Path) -> Path:
    """The project with its model in Git, so that no job trains it anew."""
    (project / "model/train.py").unlink()
    ignored = project / ".gitignore"
    ignored.write_text(ignored.read_text("utf-8").replace("model/model.onnx\n", ""), "utf-8")
    return project


def change(github: GitHub) -> None:
    """Make the working tree another than what was published."""
    predictor = github.project / "serving/predictor.py"
    predictor.write_text(predictor.read_text() + "# Changed.\n")


class Merges:
    """What a target says of itself.

    needs: what an environment must have to deploy, as summaries name it; previews_need: `preview`.
    login: the action that lets a job in, with its inputs; previews_login: the same of `preview`.
    permissions: of a token that deploys. release: what is published in the end.
    unpublished: what this release is called, as an expression, before it is published.
    nowhere: in a stack file, where releases are, as an expression; and a place that refuses them.
    """

    needs: Mapping[str, str]
    previews_need: Mapping[str, str]
    login: tuple[str, Mapping[str, str]]
    previews_login: tuple[str, Mapping[str, str]]
    permissions: Mapping[str, str]
    unpublished: str
    nowhere: tuple[str, str]
    release: list[str]

    def built(self, github: GitHub) -> Any:
        """Where a job of GitHub keeps what it has built."""
        raise NotImplementedError

    def called(self, github: GitHub) -> list[str]:
        """What the stand-ins were called with, as far as it matters here."""
        return github.calls

    def publishing(self, stack: str) -> list[str]:
        """The calls by which a stack's release is built and published."""
        raise NotImplementedError

    def deploying(self, stack: str) -> list[str]:
        """The calls by which a stack is deployed and checked."""
        return [
            f"pulumi stack select {stack}",
            f"pulumi stack select {stack}",
            f"pulumi up --stack {stack} --yes",
            f"pulumi stack output --json --show-secrets --stack {stack}",
        ]

    def forget(self, github: GitHub) -> None:
        """Have a machine on which nothing was built."""
        shutil.rmtree(self.built(github), ignore_errors=True)

    def unmade(self, github: GitHub, stack: str) -> None:
        """Have a backend that knows no such stack."""
        said = f"error: no stack named '{stack}' found"
        github.does(
            "pulumi", f'test "$*" != "stack select {stack}" || {{ echo "{said}"; exit 255; }}'
        )

    def without(self, github: GitHub, name: str) -> None:
        """Have an environment that lacks something; a secret of this name is one too."""
        for kind in ("vars", "secrets"):
            own: Mapping[str, str] = github.context[kind]
            github.context[kind] = {key: each for key, each in own.items() if key != name}

    def test_a_merge_is_published_deployed_and_checked_in_one_stack_and_then_the_other(
        self, github: GitHub, published: Published
    ) -> None:
        for stack in ("dev", "prod"):
            self.forget(github)
            job = github.run("deploy.yml", stack)
            assert job.result == "success"
            assert self.called(github) == [*self.publishing(stack), *self.deploying(stack)]
            assert published(stack) == self.release
            assert self.login in job.actions
            assert (job.permissions, job.runner) == (self.permissions, "ubuntu-24.04")
            github.context |= {"needs": {stack: {"outputs": job.outputs}}}
        assert not self.built(github).exists()  # prod has the bytes of dev
        assert github.workflow("deploy.yml")["jobs"]["prod"]["needs"] == "dev"

    def test_what_is_published_is_not_built_again(self, github: GitHub) -> None:
        github.run("deploy.yml", "dev")
        self.forget(github)
        assert github.run("deploy.yml", "dev").result == "success"
        assert not self.built(github).exists()

    @pytest.mark.parametrize("merged", [False, True], ids=["a commit", "a merge"])
    def test_a_deploy_that_fails_is_red_and_says_how_to_roll_back(
        self, github: GitHub, merged: bool
    ) -> None:
        def git(*words: str) -> str:
            own = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
            command = ["git", *own, *words]
            return subprocess.check_output(command, cwd=github.project, text=True).strip()

        git("init", "--quiet", "--initial-branch=main")
        git("commit", "--quiet", "--allow-empty", "--message=before")
        git("switch", "--quiet", "--create=change")
        (github.project / "change").touch()
        git("add", "change")
        git("commit", "--quiet", "--message=change")
        git("switch", "--quiet", "main")
        git("merge", "--quiet", "--no-ff" if merged else "--ff-only", "--message=merge", "change")
        github.context["github"] = OWN | {"sha": git("rev-parse", "HEAD")}
        github.fail("pulumi up")
        job = github.run("deploy.yml", "dev")
        assert job.result == "failure"
        assert self.called(github)[-1].startswith("pulumi up")  # and nothing follows
        said, _, *lines = job.summary.splitlines()
        assert said == "dev is not as its file says. To roll back:"
        assert lines[1] == "    git push"
        git(*lines[0].split()[1:])
        assert not (github.project / "change").exists()

    def test_a_stack_that_nobody_has_made_is_red_and_nothing_is_to_be_rolled_back(
        self, github: GitHub
    ) -> None:
        github.fail("pulumi stack select")
        job = github.run("deploy.yml", "dev")
        assert (job.result, job.summary) == ("failure", "")
        assert self.called(github)[-1] == "pulumi stack select dev"  # and nothing follows

    def test_what_can_not_be_published_is_not_taken_for_not_built(self, github: GitHub) -> None:
        file = github.project / "Pulumi.dev.yaml"
        file.write_text(re.sub(*self.nowhere, file.read_text("utf-8")), "utf-8")
        self.forget(github)
        assert github.run("deploy.yml", "dev").result == "failure"
        assert not self.built(github).exists()

    def test_nothing_is_deployed_of_a_release_that_was_published_otherwise(
        self, github: GitHub
    ) -> None:
        github.run("deploy.yml", "dev")
        change(github)
        assert github.calls
        job = github.run("deploy.yml", "dev")
        assert (job.result, job.summary) == ("failure", "")  # what is deployed is as it was
        assert not [call for call in github.calls if call.startswith(("pulumi", "docker push"))]

    def test_without_what_it_needs_nothing_is_deployed_and_it_says_so(self, github: GitHub) -> None:
        everything = github.context
        for name, said in self.needs.items():
            github.context = dict(everything)
            self.without(github, name)
            job = github.run("deploy.yml", "dev")
            assert (job.result, job.actions, github.calls) == ("success", [], [])
            assert job.summary == (
                f"Not deployed. The environment dev has no {said}: docs/github.md says what to"
                " set.\n"
            )
            github.context |= {"needs": {"dev": {"outputs": job.outputs}}}
            assert github.run("deploy.yml", "prod") == Job("skipped")

    def test_without_what_it_needs_nothing_is_previewed_and_it_says_so(
        self, github: GitHub
    ) -> None:
        everything = github.context
        for name, said in self.previews_need.items():
            github.context = dict(everything)
            self.without(github, name)
            job = github.run("preview.yml", "preview")
            assert (job.result, job.actions, github.calls) == ("success", [], [])
            assert job.summary == (
                f"No preview. The environment preview has no {said}: docs/github.md says what to"
                " set.\n"
            )
            github.context |= {"needs": {"preview": {"outputs": job.outputs}}}
            assert github.run("preview.yml", "comment").result == "skipped"

    def test_pulumis_own_cloud_takes_the_place_of_a_backend(self, github: GitHub) -> None:
        self.without(github, "PULUMI_BACKEND_URL")
        github.context["secrets"] = github.context["secrets"] | {"PULUMI_ACCESS_TOKEN": "pul-1"}
        for workflow, job in (("deploy.yml", "dev"), ("preview.yml", "preview")):
            assert github.run(workflow, job).result == "success"
            assert github.environ_of("pulumi")["PULUMI_ACCESS_TOKEN"] == "pul-1"  # noqa: S105

    def test_a_pull_request_shows_what_each_deployed_stack_would_become(
        self, github: GitHub
    ) -> None:
        self.unmade(github, "prod")
        job = github.run("preview.yml", "preview")
        assert job.result == "success"
        assert [call for call in github.calls if "preview" in call] == [
            "pulumi preview --diff --stack dev"
        ]
        said = (github.project / "preview.md").read_text()
        assert said == job.summary
        assert re.match(
            rf"<!-- preview -->\n## dev\n\n~~~~\n{self.unpublished} is to be published\n", said
        )
        assert said.endswith("## prod\n\nIt is not deployed yet.\n\n")
        assert self.previews_login in job.actions
        assert "write" not in {
            job.permissions[key] for key in job.permissions.keys() - {"id-token"}
        }

    @pytest.mark.parametrize("there", [[], [31], [31, 47]], ids=["none", "one", "two"])
    def test_a_pull_request_has_one_comment_of_its_preview(
        self, github: GitHub, there: list[int]
    ) -> None:
        github.context["needs"] = {"preview": {"outputs": {"all": "true"}}}
        github.says("gh", "".join(f"{each}\n" for each in there))
        assert github.run("preview.yml", "comment").result == "success"
        download, look, *said = github.calls
        assert download == "gh run download 7 --name preview"
        assert look.startswith("gh api --paginate repos/{owner}/{repo}/issues/12/comments --jq ")
        assert 'startswith("<!-- preview -->")' in look
        edit = (
            "gh api --method PATCH repos/{owner}/{repo}/issues/comments/31 --field body=@preview.md"
        )
        assert said == [f"{edit} --silent" if there else "gh pr comment 12 --body-file preview.md"]

    def test_a_backend_that_refuses_is_red_and_shown(self, github: GitHub) -> None:
        github.fail("pulumi stack select prod")
        job = github.run("preview.yml", "preview")
        assert job.result == "failure"
        assert job.summary.endswith("## prod\n\n~~~~\npulumi stack select prod failed\n~~~~\n\n")

    def test_a_stack_that_a_preview_may_not_read_is_left_out(self, github: GitHub) -> None:
        shutil.copy(github.project / "Pulumi.prod.yaml", github.project / "Pulumi.production.yaml")
        github.context["vars"] = github.context["vars"] | {"PREVIEWED": "dev production"}
        job = github.run("preview.yml", "preview")
        assert job.result == "success"
        assert "## prod\n\nThe variable PREVIEWED does not name it.\n\n" in job.summary
        assert [call for call in github.calls if "pulumi" in call] == [
            "pulumi stack select dev",
            "pulumi stack select dev",
            "pulumi preview --diff --stack dev",
            "pulumi stack select production",
            "pulumi stack select production",
            "pulumi preview --diff --stack production",
        ]

    def test_a_stack_to_preview_that_is_misspelt_is_red(self, github: GitHub) -> None:
        github.context["vars"] = github.context["vars"] | {"PREVIEWED": "dev production"}
        job = github.run("preview.yml", "preview")
        assert job.result == "failure"
        said = "The variable PREVIEWED names production, and there is no Pulumi.production.yaml."
        assert said in job.summary

    def test_a_pull_request_that_changes_a_published_release_is_red(self, github: GitHub) -> None:
        github.run("deploy.yml", "dev")
        change(github)
        job = github.run("preview.yml", "preview")
        assert job.result == "failure"
        assert 'raise version = "0.1.0" in pyproject.toml' in job.summary
        assert job.actions[-1][0] == "actions/upload-artifact"

    @pytest.mark.parametrize(("repository", "kind"), [("you/iris", "User"), ("me/iris", "Bot")])
    def test_forks_and_bots_get_no_preview_and_are_told(
        self, github: GitHub, repository: str, kind: str
    ) -> None:
        request = {"head": {"repo": {"full_name": repository}}, "user": {"type": kind}}
        github.context["github"] = OWN | {"event": {"number": "12", "pull_request": request}}
        assert github.run("preview.yml", "preview") == Job("skipped")
        said = github.run("preview.yml", "none").summary
        assert said == "No preview, since this comes from a fork or a bot.\n"
        assert github.calls == []

    def test_who_is_no_fork_and_no_bot_is_told_nothing(self, github: GitHub) -> None:
        assert github.run("preview.yml", "none") == Job("skipped")


class MergesOnAws(Merges):
    """What every target on AWS says of itself."""

    needs = {
        "AWS_REGION": "AWS_REGION",
        "AWS_DEPLOY_ROLE": "AWS_DEPLOY_ROLE",
        "PULUMI_BACKEND_URL": "PULUMI_BACKEND",
    }
    previews_need = {
        "AWS_REGION": "AWS_REGION",
        "AWS_PREVIEW_ROLE": "AWS_PREVIEW_ROLE",
        "PULUMI_BACKEND_URL": "PULUMI_BACKEND",
    }
    login = (AWS_LOGIN, {"aws-region": REGION, "role-to-assume": AWS["AWS_DEPLOY_ROLE"]})
    previews_login = (AWS_LOGIN, {"aws-region": REGION, "role-to-assume": AWS["AWS_PREVIEW_ROLE"]})
    permissions = {"contents": "read", "id-token": "write"}


class MergesOfImages(Merges):
    """What a target says of itself that runs images; both stacks take them from one repository.

    to_repository: the calls that let the engine in. on_arm: the key by which v1 runs on arm64.
    """

    to_repository: list[str] = []
    on_arm: str

    def built(self, github: GitHub) -> Any:
        """The images that the engine's stand-in has."""
        return github.folder / "images"

    def called(self, github: GitHub) -> list[str]:
        """What the stand-ins were called with, without looks at a cluster."""
        calls = [call for call in github.calls if not call.startswith("kubectl")]
        short = ("docker build", "docker image", "docker push")
        return [next((each for each in short if call.startswith(each)), call) for call in calls]

    def publishing(self, stack: str) -> list[str]:
        """The calls by which a stack's release is built and published."""
        if stack == "prod":
            return []
        built = ["docker image", "docker build", "docker image"]
        return [*built, *self.to_repository, "docker push"]

    def test_what_is_published_and_who_serves_it_is_listed(self, github: GitHub) -> None:
        github.run("deploy.yml", "dev")
        where = {"dev": "0.2.0", "prod": "0.1.0"}
        for stack, release in where.items():
            file = github.project / f"Pulumi.{stack}.yaml"
            file.write_text(file.read_text("utf-8").replace('"0.1.0"', f'"{release}"'), "utf-8")
        said = succeed(github.project, "releases", **github.environ)
        listed = [line.split(maxsplit=2) for line in said.splitlines() if line[0].isdigit()]
        assert [each[:2] for each in listed] == [["0.1.0", "v1"], ["0.2.0", "v1"]]
        assert re.fullmatch(r"[0-9a-f]{12} +prod", listed[0][2])
        assert listed[1][2] == "not published  dev"

    def test_an_image_for_other_processors_is_built_on_them(self, github: GitHub) -> None:
        file = github.project / "Pulumi.dev.yaml"
        text = file.read_text("utf-8").replace('"0.1.0"', f'"0.1.0", {self.on_arm}')
        file.write_text(text, "utf-8")
        github.context["vars"] = github.context["vars"] | {"RUNNER": "ubuntu-24.04-arm"}
        assert github.run("deploy.yml", "dev").runner == "ubuntu-24.04-arm"
        (build,) = [call for call in github.calls if call.startswith("docker build")]
        assert " --platform linux/arm64 " in build
        self.unmade(github, "prod")  # whose nodes are others
        assert "0.1.0 is there already" in github.run("preview.yml", "preview").summary

    @pytest.mark.parametrize("failing", ["docker build", "docker push"])
    def test_nothing_is_deployed_of_an_image_that_is_not_there(
        self, github: GitHub, published: Published, failing: str
    ) -> None:
        github.fail(failing)
        job = github.run("deploy.yml", "dev")
        assert (job.result, job.summary) == ("failure", "")
        assert self.called(github)[-1] == failing  # and nothing follows
        assert published("dev") == []

    def test_what_is_said_to_be_pushed_is_looked_for(
        self, github: GitHub, published: Published
    ) -> None:
        github.does("docker", f'test "$1" = push || {ENGINE}')
        job = github.run("deploy.yml", "dev")
        assert (job.result, job.summary) == ("failure", "")
        assert self.called(github)[-1] == "docker push"
        assert published("dev") == []
