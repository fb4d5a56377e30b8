namespace KvStore.Origins.Tests;

public sealed class SqlStatementTests
{
    [Theory]
    [InlineData("select 1 where id = @key", true)]
    [InlineData("select 1 where id = any(@keys)", true)]
    [InlineData("select 1 where id = @fullkey", true)]
    [InlineData("select 1 where id = any(@fullkeys::int[])", true)]
    [InlineData("select '@value', \"@a\", `@b` from t where id = @key -- @c\n/* @d */ and x = $$ @e $$ and @@version > 1", true)]
    [InlineData("select a @> b, a <@ c from t where id=@key and id=@key", true)]
    [InlineData("select 1", false)]
    [InlineData("select 1 where id = '@key'", false)]
    [InlineData("select 1 where id = @key or id = any(@keys)", false)]
    [InlineData("select 1 where id = @key and v = @revision", false)]
    [InlineData("select 1 where id = @Key", false)]
    public void FindProblemOfLoad_Parameters_AreChecked(string sql, bool isAcceptable) => Assert.Equal(isAcceptable, SqlStatement.FindProblemOfLoad(sql) is null);

    [Theory]
    [InlineData("insert into t values (@key, @value, @content_type, @revision)", true)]
    [InlineData("insert into t values (@fullkey, @text::jsonb)", true)]
    [InlineData("insert into t values (@key)", false)]
    [InlineData("insert into t values (@value)", false)]
    [InlineData("insert into t values (@key, @value, @ttl)", false)]
    public void FindProblemOfStore_Parameters_AreChecked(string sql, bool isAcceptable) => Assert.Equal(isAcceptable, SqlStatement.FindProblemOfStore(sql) is null);

    [Theory]
    [InlineData("delete from t where id = @key and version <= @revision", true)]
    [InlineData("delete from t", false)]
    [InlineData("delete from t where id = @key and v = @value", false)]
    public void FindProblemOfDelete_Parameters_AreChecked(string sql, bool isAcceptable) => Assert.Equal(isAcceptable, SqlStatement.FindProblemOfDelete(sql) is null);
}
